// Why a cost changed, in parts that add up to the change.
import { percent } from '../format.js';
import { html } from '../html.js';
import { ContributionBars } from './ContributionBars.js';

const PARTS = /** @type {Record<string, [string, string]>} */ ({
  volume: ['More or fewer requests', 'The change of volume at the mix and cost per request of before'],
  mix: ['Another mix', 'Requests moved between cheaper and dearer groups'],
  price: ['Cost of the same work', 'What a request of a group costs now and did before'],
  new: ['New', 'Groups without requests before'],
  gone: ['Gone', 'Groups without requests now'],
  underfill: ['Underfill', 'Busy time beyond what the requests needed'],
  idle: ['Idle', 'Paid time without any request'],
  overhead: ['Overhead', 'Charges without an instance, taxes, purchases'],
  unreconciled: ['Unreconciled', 'Credits, refunds and adjustments'],
  uncounted: ['Uncounted', 'Cost of groups without counted requests'],
});

/** @param {{answer: import('../answers.js').Answer | null, currency: string}} properties An answer of explain. */
export function WhyChanged({ answer, currency }) {
  const rows = (answer?.rows ?? []).filter((row) => row.state === 'whole' && row.currency === currency && row.amount !== null);
  if (!rows.length) return html`<p class="nothing">${answer?.rows[0]?.reason || 'Both windows need attributed hours: optiinfra attribute makes them.'}</p>`;
  const [{ coverage_before, coverage_after, attributed_hours_before, attributed_hours_after, reason }] = rows;
  const share = (/** @type {number | null} */ value) => (value === null ? 'an unknown share' : percent(value * 100));
  return html`<${ContributionBars} label="Why the cost changed" unit="currency" currency=${currency} countMax=${PARTS_MAX}
      rows=${rows.map((row) => ({ name: html`<span title=${PARTS[row.part]?.[1]}>${PARTS[row.part]?.[0] ?? row.part}</span>`, change: row.amount }))} />
    <p class="quiet">${attributed_hours_before} attributed hours before, ${attributed_hours_after} now; ${share(coverage_before)} and ${share(coverage_after)} of requests have a price. ${reason}</p>`;
}

const PARTS_MAX = Object.keys(PARTS).length;
