// What was paid for, split into what served requests and what did not.
import { html } from '../html.js';
import { SplitBar } from './SplitBar.js';

/** @param {{row: import('../answers.js').Row | null}} properties A row of unit-cost. */
export function CostSplit({ row }) {
  if (!row) return html`<p class="nothing">No hour of this window is attributed yet. The server does it five minutes after an hour's end, <code>optiinfra attribute</code> at once.</p>`;
  // Good answers are not asked about here.
  const reason = (row.reason ?? '').split('; ').filter((/** @type {string} */ each) => !each.includes('good answer')).join('; ');
  const part = (/** @type {string} */ key, /** @type {string} */ label, /** @type {string} */ colour, /** @type {string} */ hint, pattern = false) =>
    ({ label, value: row[key], colour, hint, pattern });
  return html`<${SplitBar} label="Where the money went" unit="currency" currency=${row.currency} parts=${[
    part('served_cost', 'Served', '--series-1', 'Busy time, by the weight of requests that ended well'),
    part('wasted_cost', 'Wasted', '--series-4', 'Busy time of requests that failed or were aborted'),
    part('underfill_cost', 'Underfill', '--series-2', 'Busy time beyond what the requests need at the rate of the best hours', true),
    part('idle_cost', 'Idle', '--series-rest', 'Paid time without any request', true),
    part('overhead_cost', 'Overhead', '--series-6', 'Charges without an instance, taxes, purchases'),
    part('unreconciled_cost', 'Unreconciled', '--series-5', 'Credits, refunds and adjustments'),
  ]} />
  ${reason && html`<p class="quiet">${reason}</p>`}`;
}
