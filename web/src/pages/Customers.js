// Who is served, what each costs and how each is served.
import { toPage } from '../address.js';
import { METRICS, UNIT_COST, metrics, useAnswer, useBoth } from '../answers.js';
import { compact, money, percent } from '../format.js';
import { html } from '../html.js';
import { nameOf } from '../names.js';
import { bucketOf, parameters, shownWindow } from '../time.js';
import { currenciesText, mainCurrency, sum } from './sums.js';
import { Chart } from '../parts/Chart.js';
import { Change } from '../parts/Change.js';
import { DataTable, SeriesTable } from '../parts/DataTable.js';
import { CustomerLink } from '../parts/Names.js';
import { Panel } from '../parts/Panel.js';
import { Sentence } from '../parts/Sentence.js';
import { Treemap } from '../parts/Treemap.js';
import { seriesBy, timesOf } from '../parts/series.js';
import { charged, keyed } from './joins.js';

export function Customers() {
  const window = shownWindow.value;
  const cost = useBoth(METRICS, metrics('total_cost', { by: 'customer,currency', limit: 5000 }), window);
  const load = useAnswer(METRICS, metrics('performance.request_count,error_count,prompt_tokens,completion_tokens,p95_time_to_first_token,p95_latency', { by: 'customer', limit: 5000, ...parameters(window) }));
  const quality = useAnswer(METRICS, metrics('avg_quality', { by: 'customer', limit: 5000, ...parameters(window) }));
  const unit = useAnswer(UNIT_COST, { by: 'customer', ...parameters(window) });
  const bucket = bucketOf(window);
  const trend = useAnswer(METRICS, metrics('total_cost', { bucket, by: 'customer,currency', ...parameters(window) }));
  const requests = useAnswer(METRICS, metrics('performance.request_count', { bucket, by: 'customer', ...parameters(window) }));
  const currency = mainCurrency(cost.now.answer, 'total_cost');
  const rows = joined(cost, load.answer, quality.answer, unit.answer, currency);
  const total = sum(cost.now.answer, 'total_cost', currency) ?? 0;
  const most = [...rows].sort((a, b) => (b.total_cost ?? 0) - (a.total_cost ?? 0))[0];
  const number = (/** @type {string} */ key, /** @type {string} */ title, /** @type {string} */ unitName, rest = {}) => ({ key, title, unit: unitName, why: () => 'no traffic', ...rest });
  return html`
    <h1>Customers</h1>
    <${Sentence} isReady=${cost.now.answer && load.answer}>
      In ${window.label} <b>${compact(rows.length)} ${rows.length === 1 ? 'customer' : 'customers'}</b> ${rows.length === 1 ? 'was' : 'were'} served for <b>${currenciesText(cost.now.answer, 'total_cost')}</b>${most?.total_cost && rows.length > 1 ? html`; <${CustomerLink} id=${most.customer_id} /> alone caused <b>${percent((most.total_cost / (total || 1)) * 100)}</b> of it, ${money(most.total_cost, currency)}.` : '.'}
    <//>
    <div class="panels">
      <${Panel} name="all-customers" title="All customers" isWide asked=${[cost.now, load, quality, unit]} currency=${currency}
        subtitle="A customer's cost is what it pays for; requests are those that it sent. Click a heading to sort." how="Each column is a sum or percentile of all rows of the customer in the window; the change compares with the period before.">
        <${DataTable} name="customers" label="All customers" canFilter rows=${rows} sort="total_cost:desc" shown=${25} columns=${[
          { key: 'customer_id', title: 'Customer', text: (/** @type {any} */ row) => html`<${CustomerLink} id=${row.customer_id} />` },
          number('total_cost', 'Cost', 'currency', { bar: '--series-1' }),
          { key: 'change', title: 'Change', unit: 'percent', value: (/** @type {any} */ row) => (row.cost_before ? (row.total_cost - row.cost_before) / row.cost_before : null), text: (/** @type {any} */ row) => html`<${Change} now=${row.total_cost} then=${row.cost_before ?? null} unit="currency" currency=${row.currency} better="less" />` },
          number('total_requests', 'Requests', 'requests'),
          number('tokens', 'Tokens', 'tokens'),
          number('p95_time_to_first_token_ms', 'First token, p95', 'ms', { why: measured }),
          number('p95_latency_ms', 'Latency, p95', 'ms'),
          number('failed', 'Failed', 'percent', { hint: 'Requests that the server failed, of all' }),
          number('avg_quality', 'Quality', '0-1', { why: () => 'not measured' }),
          number('cost_per_million_tokens', '1M tokens', 'currency', { currency: (/** @type {any} */ row) => row.unit_currency, why: (/** @type {any} */ row) => (row.is_attributed ? 'price unknown' : 'not attributed') }),
        ]} />
      <//>
      ${rows.length > 1 && html`<${Panel} name="customers-map" title="Where the money goes" isWide asked=${cost.now} currency=${currency} empty="No charge in this window." subtitle="An area for each customer, as large as its cost; click one to open it">
        <${Treemap} label="Cost of each customer" unit="currency" currency=${currency} areas=${rows.filter((row) => row.currency === currency && row.total_cost).map((row) => ({ name: nameOf(row.customer_id), value: row.total_cost, href: toPage('customer', { customer: row.customer_id }) }))} />
      <//>`}
      <${OverTime} name="customers-cost" title="Cost over time" asked=${trend} rows=${(trend.answer?.rows ?? []).filter((row) => row.currency === currency)} measure="total_cost" unit="currency" currency=${currency} bucket=${bucket} empty="No charge in this window." />
      <${OverTime} name="customers-requests" title="Requests over time" asked=${requests} rows=${requests.answer?.rows ?? []} measure="total_requests" unit="requests" bucket=${bucket} empty="No request in this window." />
    </div>`;
}

/** A sum of each customer over time. @param {{name: string, title: string, asked: import('../answers.js').Asked, rows: any[], measure: string, unit: string, currency?: string, bucket: string, empty: string}} properties */
function OverTime({ name, title, asked, rows, measure, unit, currency, bucket, empty }) {
  const times = asked.answer ? timesOf(asked.answer, bucket) : [];
  const series = seriesBy(rows, 'customer_id', measure, times, nameOf);
  const step = times.length > 1 ? times[1] - times[0] : 3600;
  return html`<${Panel} name=${name} title=${title} asked=${asked} currency=${currency} empty=${empty} table=${html`<${SeriesTable} label=${title} times=${times} series=${series} unit=${unit} currency=${currency} />`}>
    <${Chart} label=${`${title}, by customer`} times=${times} step=${step} series=${series} unit=${unit} currency=${currency} isStacked />
  <//>`;
}

/** @param {any} row */
const measured = (row) => (row.total_requests ? 'not measured' : 'no traffic');

/** One row for each customer that any answer names. @param {any} cost @param {any} load @param {any} quality @param {any} unit @param {string} currency */
function joined(cost, load, quality, unit, currency) {
  const costs = charged(cost.now.answer?.rows ?? [], currency, 'customer_id'), before = keyed(cost.then.answer?.rows ?? [], 'customer_id', 'currency');
  const loads = keyed(load?.rows ?? [], 'customer_id'), scores = keyed(quality?.rows ?? [], 'customer_id');
  const units = charged(unit?.rows ?? [], currency, 'customer_id');
  return [...new Set([...costs.keys(), ...loads.keys()])].map((customer_id) => {
    const requests = loads.get(customer_id)?.total_requests ?? null;
    const one = loads.get(customer_id) ?? {};
    return {
      customer_id, ...one, total_requests: requests,
      tokens: one.prompt_tokens === null && one.completion_tokens === null ? null : requests ? (one.prompt_tokens ?? 0) + (one.completion_tokens ?? 0) : undefined,
      failed: requests ? (one.error_count / requests) * 100 : undefined,
      total_cost: costs.get(customer_id)?.total_cost ?? null, cost_before: before.get(`${customer_id} ${costs.get(customer_id)?.currency}`)?.total_cost, currency: costs.get(customer_id)?.currency ?? '',
      avg_quality: scores.get(customer_id)?.avg_quality ?? null,
      cost_per_million_tokens: units.get(customer_id)?.cost_per_million_tokens ?? null, unit_currency: units.get(customer_id)?.currency ?? '', is_attributed: units.has(customer_id),
    };
  });
}
