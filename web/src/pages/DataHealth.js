// Whether the numbers can be trusted: who sends, how fresh it is, what was refused, what is missing, how large it is.
import { METRICS, UNIT_COST, metrics, useAnswer } from '../answers.js';
import { Problem, send } from '../ask.js';
import { setRows } from '../changes.js';
import { compact, percent, plain, timeText, withUnit } from '../format.js';
import { html, useEffect, useState } from '../html.js';
import { round } from '../live.js';
import { mayChange, me, seesAll, token } from '../session.js';
import { clock, lengthText, parameters, shownWindow } from '../time.js';
import { catalogue } from '../catalogue.js';
import { readMetrics } from './serverMetrics.js';
import { ChangeForm } from '../parts/ChangeForm.js';
import { DataTable } from '../parts/DataTable.js';
import { NameForm } from '../parts/NameForm.js';
import { CustomerLink, ModelName, ServiceLink } from '../parts/Names.js';
import { Panel } from '../parts/Panel.js';
import { Sentence } from '../parts/Sentence.js';
import { Value } from '../parts/Value.js';
import { Verification } from '../parts/Verification.js';

// The days for which rows are kept are part of a table's definition.
const SIZES = `SELECT p.table AS table, sum(p.rows) AS rows, sum(p.bytes_on_disk) AS bytes, count() AS parts,
  toUInt32OrZero(extract(any(t.engine_full), 'toIntervalDay[(]([0-9]+)[)]')) AS days
FROM system.parts AS p INNER JOIN system.tables AS t ON t.database = p.database AND t.name = p.table
WHERE p.database NOT IN ('system', 'default') AND p.active GROUP BY p.table ORDER BY bytes DESC`;
const LISTS_MAX = 1000;

export function DataHealth() {
  const families = [...new Set(catalogue.value.measures.map((each) => each.family))];
  const during = parameters(shownWindow.value);
  const customers = useAnswer('/api/v1/customers', { limit: LISTS_MAX });
  const services = useAnswer('/api/v1/services', { limit: LISTS_MAX });
  const rejected = useAnswer('/api/v1/rejected', {});
  const models = useAnswer('/api/v1/query/self-host', during);
  const instances = useAnswer('/api/v1/prices/missing', seesAll.value ? during : null);
  const counts = useAnswer(METRICS, metrics(COUNTS, during));
  const sources = useAnswer(METRICS, metrics('performance.request_count', { by: 'source', ...during }));
  const missing = useAnswer(UNIT_COST, { by: 'customer,service', ...during });
  const server = useServer();
  const sizes = useSizes();
  const newest = (customers.answer?.rows ?? []).map((row) => row.last_hour).sort().at(-1);
  const age = newest ? clock.value - Date.parse(newest) : null;
  const refused = server.metrics ? families.reduce((all, family) => all + (server.metrics?.rows[family]?.rejected ?? 0), 0) : null;
  const unnamed = [
    ...(customers.answer?.rows ?? []).filter((row) => row.customer_name === null).map((row) => ({ kind: 'customer', id: row.customer_id, customer: row.customer_id, rows: row.performance_rows })),
    ...(services.answer?.rows ?? []).filter((row) => row.service_name === null).map((row) => ({ kind: 'service', id: row.service_id, customer: row.customer_id, rows: row.performance_rows })),
  ];
  const isCut = Boolean(customers.answer?.has_more || services.answer?.has_more);
  const withoutPrice = (models.answer?.rows ?? []).filter((row) => row.models_without_price);
  const unpriced = (missing.answer?.rows ?? []).filter((row) => row.coverage !== null && row.coverage < 1);
  return html`
    <h1>Data health</h1>
    <${Sentence} isReady=${customers.answer && server.isKnown}>
      ${server.ready ? html`The store <b>answers</b>` : html`The store <b>does not answer</b>`}${newest ? html`, its newest hour began <b>${lengthText(Math.max(0, age ?? 0))} ago</b>` : ', and has no rows'}${refused !== null ? html`; since the server's start <b>${compact(refused)} rows</b> were refused` : ''}${unpriced.length ? html`, and requests of <b>${compact(unpriced.length)} services</b> have no price.` : '.'}
    <//>
    <div class="panels">
      ${server.metrics ? html`<section class="panel" aria-labelledby="title-writer"><header><h2 id="title-writer">Rows taken since the server's start</h2><div class="panel-actions"><a class="plain" href="/metrics" target="_blank">/metrics</a></div></header>
        <p class="panel-subtitle">Started ${timeText(server.metrics.start * 1000)}; ${withUnit(server.metrics.memory, 'bytes')} of memory, ${plain(server.metrics.connections)} connections</p>
        <table class="data"><thead><tr><th scope="col">Family</th><th scope="col" class="number">Accepted</th><th scope="col" class="number">Sent again</th><th scope="col" class="number">Refused</th></tr></thead>
        <tbody>${families.map((family) => html`<tr><th scope="row">${family}</th>${['accepted', 'duplicate', 'rejected'].map((kind) => html`<td class="number">${compact(server.metrics?.rows[family]?.[kind] ?? 0)}</td>`)}</tr>`)}</tbody></table>
        <dl class="facts">
          <div><dt>Waiting in memory</dt><dd>${compact(server.metrics.queueRows)} rows</dd></div>
          <div><dt>Waiting on disk</dt><dd>${withUnit(server.metrics.spoolBytes, 'bytes')}</dd></div>
          <div><dt>Oldest waiting row</dt><dd>${withUnit(server.metrics.lag, 's')}</dd></div>
          <div><dt>Inserts tried again</dt><dd>${compact(server.metrics.retries)}</dd></div>
        </dl>
</section>`
        : html`<section class="panel"><header><h2>Rows taken since the server's start</h2></header><p class="nothing">${server.refusal || 'These need a token that sees all customers.'}</p></section>`}
      <${Panel} name="window-rows" title="Rows of this window" subtitle="What every number of the other pages is computed from" asked=${counts}>
        <dl class="facts">${families.map((family) => html`<div><dt>${family}</dt><dd><${Value} value=${counts.answer?.coverage[family]?.rows} unit="rows" why="no traffic" /></dd></div>`)}</dl>
        <h3>Requests by what wrote them</h3>
        <${DataTable} name="sources" label="Requests by source" rows=${sources.answer?.rows ?? []} sort="total_requests:desc" columns=${[{ key: 'source', title: 'Source', text: (/** @type {any} */ row) => row.source || html`<span class="quiet">not stated</span>` }, { key: 'total_requests', title: 'Requests', unit: 'requests', bar: '--series-1' }]} />
      <//>
      <${Panel} name="senders" title="Customers and their newest rows" isWide asked=${customers} empty="No rows yet.">
        <${DataTable} name="senders" label="Customers and their newest rows" canFilter rows=${(customers.answer?.rows ?? []).map((row) => ({ ...row, age: (clock.value - Date.parse(row.last_hour)) / 1000 }))} sort="age" columns=${[
          { key: 'customer_id', title: 'Customer', text: (/** @type {any} */ row) => html`<${CustomerLink} id=${row.customer_id} />` },
          { key: 'age', title: 'Newest hour began', unit: 's', text: (/** @type {any} */ row) => html`<span class=${row.age > 10800 ? 'old' : ''} title=${timeText(row.last_hour)}>${row.age > 10800 ? '⚠ ' : ''}${lengthText(row.age * 1000)} ago</span>` },
          { key: 'first_hour', title: 'Since', text: (/** @type {any} */ row) => timeText(row.first_hour, { dateStyle: 'medium' }) },
          { key: 'cost_rows', title: 'Cost rows', unit: 'rows' }, { key: 'performance_rows', title: 'Requests', unit: 'rows' },
          { key: 'resource_rows', title: 'GPU samples', unit: 'rows' }, { key: 'quality_rows', title: 'Scores', unit: 'rows' },
          { key: 'services', title: 'Services', unit: 'services' }, { key: 'instances', title: 'Instances', unit: 'instances' }, { key: 'models', title: 'Models', unit: 'models' },
        ]} />
      <//>
      <${Panel} name="unpriced" title="Requests without a price" subtitle="No charge covers them, so they are in no cost" asked=${missing} empty="No hour of this window is attributed yet: optiinfra attribute does it.">
        ${unpriced.length ? html`<${DataTable} name="unpriced" label="Requests without a price" rows=${unpriced} sort="coverage" columns=${[
          { key: 'service_id', title: 'Service', text: (/** @type {any} */ row) => html`<${ServiceLink} customer=${row.customer_id} service=${row.service_id} />` },
          { key: 'requests', title: 'Requests', unit: 'requests' },
          { key: 'coverage', title: 'With a price', unit: 'percent', value: (/** @type {any} */ row) => row.coverage * 100, text: (/** @type {any} */ row) => percent(row.coverage * 100, 1) },
          { key: 'reason', title: 'Why' },
        ]} />` : html`<p class="nothing">Every attributed request of this window has a price.</p>`}
      <//>
      <${Panel} name="rejected" title="Rows that were refused" isWide asked=${rejected} empty="No row was refused since the server's start." subtitle="The latest, at most ten of a request; the answer to each insert names up to a hundred">
        <${DataTable} name="rejected" label="Rows that were refused" canFilter rows=${rejected.answer?.rows ?? []} columns=${[
          { key: 'at', title: 'When', text: (/** @type {any} */ row) => timeText(row.at) },
          { key: 'path', title: 'Sent to', text: (/** @type {any} */ row) => html`<code>${row.path}</code>` },
          { key: 'sender', title: 'Token' },
          { key: 'row', title: 'Row', text: (/** @type {any} */ row) => row.row ?? html`<span class="quiet">–</span>` },
          { key: 'column', title: 'Column', text: (/** @type {any} */ row) => (row.column ? html`<code>${row.column}</code>` : html`<span class="quiet">–</span>`) },
          { key: 'reason', title: 'Why', text: (/** @type {any} */ row) => html`<span class="wrapped">${row.reason}</span>` },
        ]} />
      <//>
      <${Panel} name="unnamed" title="Without a name" asked=${[customers, services]} subtitle="Customers and services that have rows and no name; a name is shown everywhere at once">
        ${unnamed.length ? html`<${DataTable} name="unnamed" label="Without a name" canFilter rows=${unnamed} sort="rows:desc" columns=${[
          { key: 'kind', title: 'What' }, { key: 'id', title: 'Id', text: (/** @type {any} */ row) => html`<code title=${row.id}>${row.id.slice(0, 8)}</code>` },
          { key: 'rows', title: 'Requests', unit: 'rows' },
          ...(mayChange.value ? [{ key: 'name', title: 'Name', isAction: true, text: (/** @type {any} */ row) => html`<${NameForm} key=${row.id} kind=${row.kind} id=${row.id} customer=${row.customer} />` }] : []),
        ]} />` : html`<p class="nothing">${isCut ? `All of the first ${plain(LISTS_MAX)} have a name.` : 'All have a name.'}</p>`}
        ${unnamed.length > 0 && isCut && html`<p class="quiet">Of the first ${plain(LISTS_MAX)} customers and the first ${plain(LISTS_MAX)} services.</p>`}
      <//>
      <${Panel} name="models-unpriced" title="Models without an API's price" isWide asked=${models} empty="No hour of this window is attributed yet: optiinfra attribute does it." subtitle="What an API would charge is compared where the price book knows it">
        ${withoutPrice.length ? html`<${DataTable} name="models-unpriced" label="Models without an API's price" rows=${withoutPrice} sort="own_cost:desc" columns=${[
          { key: 'model_name', title: 'Model', text: (/** @type {any} */ row) => html`<${ModelName} name=${row.model_name} />` },
          { key: 'own_cost', title: 'Own cost', unit: 'currency' },
          ...(mayChange.value ? [{ key: 'price', title: 'List price of 1M tokens', isAction: true, text: (/** @type {any} */ row) => html`<${ChangeForm} key=${row.model_name} isSmall label=${`Price of ${row.model_name}`} button="Set" onSubmit=${(/** @type {any} */ fields) => setRows('prices', modelPrices(row, fields))}
            fields=${[{ name: 'provider', title: 'Provider', required: true }, { name: 'input', title: 'in', type: 'number', min: '0', required: true }, { name: 'output', title: 'out', type: 'number', min: '0', required: true }]} />` }] : []),
        ]} />` : html`<p class="nothing">All models of this window have one.</p>`}
      <//>
      ${seesAll.value && html`<${Panel} name="instances-unpriced" title="Instances without a price" asked=${instances} empty="Every instance that was seen has a bill or a price." subtitle="Seen at work, but on no bill and not in the price book">
        <${DataTable} name="instances-unpriced" label="Instances without a price" canFilter rows=${instances.answer?.rows ?? []} sort="hours:desc" columns=${[
          { key: 'instance_id', title: 'Instance' }, { key: 'instance_type', title: 'Type' }, { key: 'hours', title: 'Hours', unit: 'hours' },
          ...(mayChange.value ? [{ key: 'price', title: 'Price of an hour', isAction: true, text: (/** @type {any} */ row) => html`<${ChangeForm} key=${row.instance_id} isSmall label=${`Price of ${row.instance_type || row.instance_id}`} button="Set" onSubmit=${(/** @type {any} */ fields) => setRows('prices', { ...fields, sku: row.instance_type || row.instance_id, unit: 'hour' })}
            fields=${[{ name: 'price', title: 'Price', type: 'number', min: '0', required: true }, { name: 'currency', title: 'Currency', value: 'USD' }]} />` }] : []),
        ]} />
      <//>`}
      ${seesAll.value && html`<section class="panel" aria-labelledby="title-verify"><header><h2 id="title-verify">Rollups and raw rows</h2></header>
        <${Verification} metrics=${server.metrics} mayCompare=${mayChange.value} /></section>`}
      ${me.value?.may_sql && html`<section class="panel panel-wide" aria-labelledby="title-sizes"><header><h2 id="title-sizes">Size and retention</h2></header>
        ${sizes.problem ? html`<p class="problem">${sizes.problem}</p>` : sizes.rows === null ? html`<div class="skeleton panel-skeleton"></div>` : html`<${DataTable} name="sizes" label="Size and retention" rows=${sizes.rows} sort="bytes:desc" columns=${[
          { key: 'table', title: 'Table' }, { key: 'rows', title: 'Rows', unit: 'rows' },
          { key: 'bytes', title: 'On disk', unit: 'bytes', bar: '--series-1' },
          { key: 'each', title: 'A row', unit: 'bytes', value: (/** @type {any} */ row) => (row.rows ? row.bytes / row.rows : null) },
          { key: 'parts', title: 'Parts', unit: 'parts' },
          { key: 'days', title: 'Kept', unit: 'days', text: (/** @type {any} */ row) => (row.days ? `${row.days} days` : html`<span class="quiet">for ever</span>`) },
        ]} /><p class="quiet"><code>optiinfra retention set</code> changes for how long rows are kept.</p>`}</section>`}
    </div>`;
}

/** A model's list price as two rows of the price book. @param {any} row @param {Record<string, string>} fields */
const modelPrices = (row, { provider, input, output }) => [['million_input_tokens', input], ['million_output_tokens', output]].map(([unit, price]) => ({ provider, sku: row.model_name, unit, price, currency: row.currency }));

/** What counts the rows of each family. */
const COUNTS = 'cost.sample_count,performance.request_count,resource.sample_count,quality.request_count,serving.interval_count';

/** Whether the store answers, and what the server counted. */
function useServer() {
  const [state, setState] = useState({ isKnown: false, ready: false, refusal: '', metrics: /** @type {import('./serverMetrics.js').ServerMetrics | null} */ (null) });
  useEffect(() => {
    let isWanted = true;
    (async () => {
      const ready = await send('/readyz').then(() => true, () => false);
      let metrics = null, refusal = '';
      if (seesAll.value) {
        try {
          metrics = readMetrics(await (await send('/metrics')).text());
        } catch (error) {
          refusal = error instanceof Problem ? error.message : '';
        }
      }
      if (isWanted) setState({ isKnown: true, ready, refusal, metrics });
    })();
    return () => {
      isWanted = false;
    };
  }, [round.value, token.value]);
  return state;
}

function useSizes() {
  const [state, setState] = useState({ rows: /** @type {any[] | null} */ (null), problem: '' });
  useEffect(() => {
    if (!me.value?.may_sql) return;
    send('/api/v1/sql', { method: 'POST', body: SIZES }).then(async (response) => setState({ rows: (await response.json()).data, problem: '' }), (error) => setState({ rows: null, problem: error.message }));
  }, [token.value]);
  return state;
}
