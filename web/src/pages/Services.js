// The services and models: how much each serves, how fast, how well and for how much.
import { METRICS, UNIT_COST, metrics, useAnswer } from '../answers.js';
import { compact, withUnit } from '../format.js';
import { html } from '../html.js';
import { parameters, shownWindow } from '../time.js';
import { keyed } from './joins.js';
import { DataTable } from '../parts/DataTable.js';
import { CustomerLink, ModelName, ServiceLink } from '../parts/Names.js';
import { OWN_OR_API, OwnOrApi } from '../parts/OwnOrApi.js';
import { Panel } from '../parts/Panel.js';
import { Sentence } from '../parts/Sentence.js';

const LOAD = 'performance.request_count,error_count,prompt_tokens,completion_tokens,p50_latency,p95_latency,p95_time_to_first_token,avg_queue,tokens_per_second';

export function Services() {
  const during = parameters(shownWindow.value);
  const services = useAnswer(METRICS, metrics(LOAD, { by: 'customer,service,model,server', order: 'performance.request_count:desc', limit: 2000, ...during }));
  const models = useAnswer(METRICS, metrics('performance.request_count,error_count,completion_tokens,p50_latency,p95_latency,p95_time_to_first_token', { by: 'model', ...during }));
  const quality = useAnswer(METRICS, metrics('avg_quality', { by: 'model', ...during }));
  const unit = useAnswer(UNIT_COST, { by: 'customer,service', ...during });
  const unitByModel = useAnswer(UNIT_COST, { by: 'model', ...during });
  const api = useAnswer('/api/v1/query/self-host', during);
  const rows = withCost(services.answer?.rows ?? [], unit.answer, ['customer_id', 'service_id']);
  const scores = keyed(quality.answer?.rows ?? [], 'model_name');
  const modelRows = withCost(models.answer?.rows ?? [], unitByModel.answer, ['model_name']).map((row) => ({ ...row, avg_quality: scores.get(row.model_name)?.avg_quality ?? null }));
  const slowest = [...rows].filter((row) => row.total_requests >= 20).sort((a, b) => (b.p95_latency_ms ?? 0) - (a.p95_latency_ms ?? 0))[0];
  const price = { key: 'cost_per_million_tokens', title: '1M tokens', unit: 'currency', why: (/** @type {any} */ row) => (row.is_attributed ? 'price unknown' : 'not attributed') };
  const failed = { key: 'failed', title: 'Failed', unit: 'percent', hint: 'Requests that the server failed, of all', value: (/** @type {any} */ row) => (row.total_requests ? (row.error_count / row.total_requests) * 100 : null) };
  return html`
    <h1>Services and models</h1>
    <${Sentence} isReady=${services.answer && models.answer}>
      In ${shownWindow.value.label} <b>${compact(new Set(rows.map((row) => row.service_id)).size)} services</b> ran <b>${compact(modelRows.length)} models</b>${slowest ? html`; the slowest was <${ServiceLink} customer=${slowest.customer_id} service=${slowest.service_id} /> with <${ModelName} name=${slowest.model_name} />: 95 % of its requests took up to <b>${withUnit(slowest.p95_latency_ms, 'ms')}</b>.` : '.'}
    <//>
    <div class="panels">
      <${Panel} name="models" title="Models" isWide asked=${[models, quality, unitByModel]} empty="No request in this window.">
        <${DataTable} name="models" label="Models" rows=${modelRows} sort="total_requests:desc" columns=${[
          { key: 'model_name', title: 'Model', text: (/** @type {any} */ row) => html`<${ModelName} name=${row.model_name} />` },
          { key: 'total_requests', title: 'Requests', unit: 'requests', bar: '--series-1' },
          { key: 'completion_tokens', title: 'Generated tokens', unit: 'tokens' },
          { key: 'p95_time_to_first_token_ms', title: 'First token, p95', unit: 'ms' },
          { key: 'p50_latency_ms', title: 'Latency, p50', unit: 'ms' },
          { key: 'p95_latency_ms', title: 'p95', unit: 'ms' },
          failed,
          { key: 'avg_quality', title: 'Quality', unit: '0-1' },
          price,
        ]} />
      <//>
      <${Panel} name="services-api" title="Own serving or an API" isWide asked=${api} empty="No hour of this window is attributed yet: optiinfra attribute does it." subtitle=${OWN_OR_API}>
        <${OwnOrApi} name="own-or-api" answer=${api.answer} />
      <//>
      <${Panel} name="services" title="Services" isWide asked=${[services, unit]} empty="No request in this window.">
        <${DataTable} name="services" label="Services" canFilter rows=${rows} sort="total_requests:desc" shown=${20} columns=${[
          { key: 'service_id', title: 'Service', text: (/** @type {any} */ row) => html`<${ServiceLink} customer=${row.customer_id} service=${row.service_id} />` },
          { key: 'customer_id', title: 'Customer', text: (/** @type {any} */ row) => html`<${CustomerLink} id=${row.customer_id} />` },
          { key: 'model_name', title: 'Model', text: (/** @type {any} */ row) => html`<${ModelName} name=${row.model_name} />` },
          { key: 'service_type', title: 'Server' },
          { key: 'total_requests', title: 'Requests', unit: 'requests', bar: '--series-1' },
          { key: 'tokens_per_second', title: 'Tokens/s', unit: 'tokens/s' },
          { key: 'p95_time_to_first_token_ms', title: 'First token, p95', unit: 'ms' },
          { key: 'avg_queue_ms', title: 'Queue, mean', unit: 'ms' },
          { key: 'p95_latency_ms', title: 'Latency, p95', unit: 'ms' },
          failed,
          price,
        ]} />
      <//>
    </div>`;
}

/** The rows with what their million tokens cost, where hours are attributed. @param {import('../answers.js').Row[]} rows @param {any} unit @param {string[]} keys @returns {any[]} */
function withCost(rows, unit, keys) {
  // Of several currencies the one of most money.
  const units = keyed([...(unit?.rows ?? [])].sort((a, b) => (a.total_cost ?? 0) - (b.total_cost ?? 0)), ...keys);
  return rows.map((row) => {
    const found = units.get(keys.map((key) => row[key]).join(' '));
    return { ...row, cost_per_million_tokens: found?.cost_per_million_tokens ?? null, currency: found?.currency ?? '', is_attributed: found !== undefined };
  });
}
