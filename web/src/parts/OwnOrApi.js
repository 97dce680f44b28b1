// What own serving of each model cost next to an API's list price for the same tokens.
import { money, percent } from '../format.js';
import { html } from '../html.js';
import { DataTable } from './DataTable.js';
import { ModelName } from './Names.js';

export const OWN_OR_API = 'Attributed cost, all that was paid for, next to the cheapest list price of the price book for the same tokens';

/** @param {{name: string, answer: import('../answers.js').Answer | null}} properties An answer of self-host, by model. */
export function OwnOrApi({ name, answer }) {
  const rows = (answer?.rows ?? []).filter((row) => row.model_name !== '');
  return html`<${DataTable} name=${name} label="Own serving or an API" rows=${rows} sort="own_cost:desc" columns=${[
    { key: 'model_name', title: 'Model', text: (/** @type {any} */ row) => html`<${ModelName} name=${row.model_name} />` },
    { key: 'cheaper', title: 'Cheaper', text: (/** @type {any} */ row) => (row.difference === null ? html`<span class="quiet" title=${row.reason}>not known</span>` : row.difference > 0 ? html`<b>API</b>, by ${money(row.difference, row.currency)}` : html`<b>own</b>, by ${money(-row.difference, row.currency)}`) },
    { key: 'own_cost', title: 'Own cost', unit: 'currency', bar: '--series-1' },
    { key: 'api_cost', title: 'API', unit: 'currency', why: noPrice },
    { key: 'own_cost_per_million_tokens', title: '1M tokens, own', unit: 'currency' },
    { key: 'api_cost_per_million_tokens', title: '1M tokens, API', unit: 'currency', why: noPrice },
    { key: 'utilization', title: 'Used', unit: 'percent', value: (/** @type {any} */ row) => hundredfold(row.utilization), hint: 'The share of paid time in which requests ran' },
    { key: 'break_even_utilization', title: 'Own is cheaper from', unit: 'percent', hint: 'Use from which own serving is cheaper', value: (/** @type {any} */ row) => hundredfold(row.break_even_utilization), text: (/** @type {any} */ row) => (row.break_even_utilization === null ? html`<span class="none none-price-unknown">${row.api_cost === null ? 'price unknown' : 'not known'}</span>` : percent(row.break_even_utilization * 100)) },
    { key: 'api_price', title: 'API price', text: (/** @type {any} */ row) => row.api_price || html`<span class="quiet">none</span>` },
  ]} />`;
}

const noPrice = () => 'price unknown';

/** @param {number | null} share */
const hundredfold = (share) => (share === null ? null : share * 100);
