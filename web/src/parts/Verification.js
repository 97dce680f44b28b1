// Whether rollups agree with raw rows: when that was last seen, and a button that compares again.
import { send } from '../ask.js';
import { plain, timeText } from '../format.js';
import { html, useState } from '../html.js';
import { refresh } from '../live.js';

/** @param {{metrics: import('../pages/serverMetrics.js').ServerMetrics | null, mayCompare: boolean}} properties */
export function Verification({ metrics, mayCompare }) {
  const [state, setState] = useState({ isBusy: false, said: '', isProblem: false });
  const compare = async () => {
    setState({ isBusy: true, said: '', isProblem: false });
    try {
      const { data } = await (await send('/api/v1/verify?detail=faults')).json();
      const { hours_compared, hours_differing } = data.summary;
      setState({ isBusy: false, said: `${plain(hours_compared)} hours compared, ${hours_differing ? `${plain(hours_differing)} differ` : 'none differs'}.`, isProblem: hours_differing > 0 });
      refresh();
    } catch (error) {
      setState({ isBusy: false, said: /** @type {Error} */ (error).message, isProblem: true });
    }
  };
  const at = metrics?.verifiedAt;
  return html`<p>${at ? html`${metrics?.verifyAgrees ? html`<span class="change good">✓ agreed</span>` : html`<span class="change bad">✗ differed: optiinfra verify names the hours</span>`} ${timeText(at * 1000)}` : html`<span class="quiet">${metrics ? 'Not compared since the server\'s start.' : 'Whether they were compared is not known: the server\'s metrics cannot be read.'}</span>`}</p>
    ${mayCompare && html`<p><button type="button" disabled=${state.isBusy} onClick=${compare}>${state.isBusy ? 'Comparing …' : 'Compare now'}</button> <span class=${state.isProblem ? 'problem' : 'quiet'} role="status">${state.said}</span></p>
    <p class="quiet">Reads every row that is kept, which may take minutes. <code>optiinfra verify --repair</code> makes hours that differ again.</p>`}`;
}
