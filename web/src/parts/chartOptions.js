// How uPlot draws: lines, or bars on each other, with quiet axes.
import uPlot from '../../vendor/uplot.js';
import { timeText, withUnit, zone } from '../format.js';

/** Steps of an axis that are round in the unit that people read. @type {Record<string, number[]>} */
const STEPS = {
  MiB: [0.5, 1, 2, 5, 10, 20, 50, 100, 200].map((each) => each * 1024),
  J: [1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7].map((each) => each * 3.6),
};

/** Each series on those below it. @param {import('./Chart.js').Series[]} series */
export function stackedValues(series) {
  /** @type {number[]} */
  let below = [];
  return series.map(({ values }) => (below = values.map((value, i) => (below[i] ?? 0) + (value ?? 0))));
}

/**
 * @param {{series: import('./Chart.js').Series[], unit: string, currency?: string, isStacked: boolean, height: number, width: number, step: number,
 *   zoomTo: (begin: number, end: number) => void, onCursor: (index: number | null) => void, colour: (name: string) => string}} wanted
 */
export function optionsOf({ series, unit, currency, isStacked, height, width, step, zoomTo, onCursor, colour }) {
  const grid = { stroke: colour('--line'), width: 1 };
  const ticks = { show: false };
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: colour('--quiet'), grid, ticks, font };
  const lines = series.map((each) => lineOf(each, isStacked, colour));
  // The tallest bars are drawn first, so that those below stand in front of them.
  if (isStacked) lines.reverse();
  return {
    width, height,
    padding: [8, 22, 0, 0],
    legend: { show: false },
    tzDate: (/** @type {number} */ time) => uPlot.tzDate(new Date(time * 1000), zone.value),
    cursor: {
      sync: { key: 'page' },
      drag: { x: true, y: false, setScale: false },
      points: { show: !isStacked, size: 6 },
    },
    scales: { x: { range: rangeOf(step, isStacked) }, y: { range: unit === '0-1' ? scoreRange : fromZero } },
    axes: [
      { ...axis, grid: { show: false }, space: 70, size: 26, values: (/** @type {any} */ _, /** @type {number[]} */ splits) => timesOfAxis(splits) },
      { ...axis, size: 62, space: 36, incrs: STEPS[unit], values: (/** @type {any} */ _, /** @type {number[]} */ splits) => splits.map((each) => withUnit(each, unit, currency)) },
    ],
    series: [{}, ...lines],
    hooks: {
      setCursor: [(/** @type {any} */ plot) => onCursor(plot.cursor.left < 0 ? null : (plot.cursor.idx ?? null))],
      setSelect: [(/** @type {any} */ plot) => {
        if (plot.select.width < 4) return;
        const begin = plot.posToVal(plot.select.left, 'x'), end = plot.posToVal(plot.select.left + plot.select.width, 'x');
        const first = Math.floor(begin / step) * step, last = Math.ceil(end / step) * step;
        plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        zoomTo(first, Math.max(last, first + step));
      }],
    },
  };
}

/** @param {import('./Chart.js').Series} series @param {boolean} isStacked @param {(name: string) => string} colour */
function lineOf(series, isStacked, colour) {
  const stroke = colour(series.colour);
  if (isStacked) return { label: series.label, fill: stroke, stroke, width: 0, paths: uPlot.paths.bars({ size: [0.82, 48], align: 1 }), points: { show: false } };
  return { label: series.label, stroke, width: 1.75, dash: series.dash, points: { show: true, size: 5, fill: stroke, filter: alone }, spanGaps: false };
}

/** Values without a neighbour, which no line shows. @param {any} plot @param {number} index */
function alone(plot, index) {
  const values = plot.data[index];
  return values.flatMap((/** @type {number | null} */ value, /** @type {number} */ i) => (value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null ? [i] : []));
}

/** @param {any} _ @param {number} low @param {number} high */
const fromZero = (_, low, high) => [Math.min(0, low ?? 0), (high || 1) * 1.08];

/** Scores differ in the second decimal, so they do not begin at 0. @param {any} _ @param {number} low @param {number} high */
const scoreRange = (_, low, high) => {
  const room = Math.max(0.01, ((high ?? 1) - (low ?? 0)) * 0.1);
  return [Math.max(0, (low ?? 0) - room), Math.min(1, (high ?? 1) + room)];
};

/** Bars begin where their step begins, so the last one needs its width. @param {number} step @param {boolean} isStacked */
function rangeOf(step, isStacked) {
  return (/** @type {any} */ _, /** @type {number} */ first, /** @type {number} */ last) => [first, isStacked ? last + step : Math.max(last, first + step)];
}

/** The day where it changes, the hour between. @param {number[]} splits */
function timesOfAxis(splits) {
  const isDays = splits.length > 1 && splits[1] - splits[0] >= 86400;
  let last = '';
  return splits.map((each) => {
    const day = timeText(each * 1000, { day: 'numeric', month: 'short' });
    const text = isDays || day !== last ? day : timeText(each * 1000, { hour: '2-digit', minute: '2-digit' });
    last = day;
    return text;
  });
}
