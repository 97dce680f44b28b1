// What a calendar month cost so far, where it will end, and its budget.
import { money, percent } from '../format.js';
import { html } from '../html.js';
import { SplitBar } from './SplitBar.js';

/** @typedef {import('../answers.js').Row} Row */

/** @param {{row: Row | null, budgets: Row[]}} properties A row of forecast, and those of budgets for the same costs. */
export function Month({ row, budgets }) {
  if (!row) return html`<p class="nothing">No hour of this month is attributed yet, so nothing is known to continue from.</p>`;
  const rest = row.month_end_cost === null ? null : Math.max(0, row.month_end_cost - row.cost_so_far);
  return html`<${SplitBar} label="The month" unit="currency" currency=${row.currency} parts=${[
    { label: 'So far', value: row.cost_so_far, colour: '--series-1' },
    { label: 'Still to come', value: rest, colour: '--series-1', pattern: true, hint: `Computed by ${row.method}` },
  ]} />
  <p class="quiet">${row.month_end_cost === null ? 'Where it will end is not known' : html`At its end <b>${money(row.month_end_cost, row.currency)}</b>`}${row.month_end_cost_p10 !== null && row.month_end_cost_p90 !== null ? `, in eight of ten cases between ${money(row.month_end_cost_p10, row.currency)} and ${money(row.month_end_cost_p90, row.currency)}` : ''}; ${row.attributed_hours} hours are attributed, ${row.estimated_hours} are estimated${row.reason && `; ${row.reason}`}.</p>
  ${budgets.map((budget) => html`<p key=${budget.budget}><b>${budget.budget}</b>: ${money(budget.amount, budget.currency)}, ${budget.used_percent === null ? 'of which the used part is not known' : html`<b>${percent(budget.used_percent)}</b> used`}; <${BudgetState} row=${budget} /></p>`)}`;
}

/** What the question's states of a budget are called here. */
const STATES = /** @type {Record<string, [string, string]>} */ ({
  passed: ['change bad', '✗ passed'], will_pass: ['change bad', '▲ will be passed'], may_pass: ['change bad', '▲ may be passed'],
  within: ['change good', '✓ holds'], unknown: ['quiet', 'not known'],
});

/** In words and colour whether a budget holds, and why that is not known. @param {{row: Row}} properties A row of budgets. */
export function BudgetState({ row }) {
  const [kind, text] = STATES[row.state] ?? ['quiet', row.state];
  return html`<span class=${kind} title=${row.reason || undefined}>${text}</span>${row.state === 'unknown' && row.reason ? html`<span class="quiet">: ${row.reason}</span>` : ''}`;
}
