// Its own types want options that it fills itself.
declare const uPlot: any;
export default uPlot;
