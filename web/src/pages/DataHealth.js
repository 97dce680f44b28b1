// Whether the numbers can be trusted: who sends, how fresh it is, what was refused, what is missing, how large it is.
import { METRICS, UNIT_COST, metrics, useAnswer } from '../answers.js';
import { Problem, send } from '../ask.js';
import { compact, percent, plain, timeText, withUnit } from '../format.js';
import { html, useEffect, useState } from '../html.js';
import { round } from '../live.js';
import { me, seesAll, token } from '../session.js';
import { clock, lengthText, parameters, shownWindow } from '../time.js';
import { catalogue } from '../catalogue.js';
import { readMetrics } from './serverMetrics.js';
import { DataTable } from '../parts/DataTable.js';
import { CustomerLink, ServiceLink } from '../parts/Names.js';
import { Panel } from '../parts/Panel.js';
import { Sentence } from '../parts/Sentence.js';
import { Value } from '../parts/Value.js';

const SIZES = `SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, sum(data_uncompressed_bytes) AS plain_bytes, count() AS parts,
  formatDateTime(min(min_time), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS first, formatDateTime(max(max_time), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS last
FROM system.parts WHERE database NOT IN ('system', 'default') AND active GROUP BY table ORDER BY bytes DESC`;

export function DataHealth() {
  const families = [...new Set(catalogue.value.measures.map((each) => each.family))];
  const during = parameters(shownWindow.value);
  const customers = useAnswer('/api/v1/customers', { limit: 1000 });
  const counts = useAnswer(METRICS, metrics(COUNTS, during));
  const sources = useAnswer(METRICS, metrics('performance.request_count', { by: 'source', ...during }));
  const missing = useAnswer(UNIT_COST, { by: 'customer,service', ...during });
  const server = useServer();
  const sizes = useSizes();
  const newest = (customers.answer?.rows ?? []).map((row) => row.last_hour).sort().at(-1);
  const age = newest ? clock.value - Date.parse(newest) : null;
  const rejected = server.metrics ? families.reduce((all, family) => all + (server.metrics?.rows[family]?.rejected ?? 0), 0) : null;
  const unpriced = (missing.answer?.rows ?? []).filter((row) => row.coverage !== null && row.coverage < 1);
  return html`
    <h1>Data health</h1>
    <${Sentence} isReady=${customers.answer && server.isKnown}>
      ${server.ready ? html`The store <b>answers</b>` : html`The store <b>does not answer</b>`}${newest ? html`, its newest hour began <b>${lengthText(Math.max(0, age ?? 0))} ago</b>` : ', and has no rows'}${rejected !== null ? html`; since the server's start <b>${compact(rejected)} rows</b> were refused` : ''}${unpriced.length ? html`, and requests of <b>${compact(unpriced.length)} services</b> have no price.` : '.'}
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
        ${rejected ? html`<p class="quiet">The answer to each insert names its refused rows, column and reason.</p>` : ''}</section>`
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
      ${me.value?.may_sql && html`<section class="panel" aria-labelledby="title-sizes"><header><h2 id="title-sizes">Size on disk</h2></header>
        ${sizes.problem ? html`<p class="problem">${sizes.problem}</p>` : sizes.rows === null ? html`<div class="skeleton panel-skeleton"></div>` : html`<${DataTable} name="sizes" label="Size on disk" rows=${sizes.rows} sort="bytes:desc" columns=${[
          { key: 'table', title: 'Table' }, { key: 'rows', title: 'Rows', unit: 'rows' },
          { key: 'bytes', title: 'On disk', unit: 'bytes', bar: '--series-1' },
          { key: 'each', title: 'A row', unit: 'bytes', value: (/** @type {any} */ row) => (row.rows ? row.bytes / row.rows : null) },
          { key: 'parts', title: 'Parts', unit: 'parts' },
        ]} /><p class="quiet">Retention: <code>optiinfra retention show</code>. Agreement of rollups and raw rows: <code>optiinfra verify</code>.</p>`}</section>`}
    </div>`;
}

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
