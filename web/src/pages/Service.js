// One service: load against latency, where the time goes, how requests ended, and its versions.
import { address, toPage } from '../address.js';
import { METRICS, UNIT_COST, metrics, useAnswer, useBoth, where } from '../answers.js';
import { compact, money, withUnit } from '../format.js';
import { html } from '../html.js';
import { nameOf } from '../names.js';
import { DAY, bucketOf, parameters, shownWindow } from '../time.js';
import { Chart } from '../parts/Chart.js';
import { CostSplit } from '../parts/CostSplit.js';
import { DataTable, SeriesTable } from '../parts/DataTable.js';
import { HourMap } from '../parts/HourMap.js';
import { CustomerLink, ModelName } from '../parts/Names.js';
import { OWN_OR_API, OwnOrApi } from '../parts/OwnOrApi.js';
import { Panel } from '../parts/Panel.js';
import { Scatter } from '../parts/Scatter.js';
import { Sentence } from '../parts/Sentence.js';
import { Tile } from '../parts/Tile.js';
import { whyNone } from '../parts/Value.js';
import { WhyChanged } from '../parts/WhyChanged.js';
import { ObjectiveState, shareColumn, shareText, targetsText } from './objectiveRows.js';
import { latencySeries, timesOf, valuesOf } from '../parts/series.js';

const TOTALS = 'performance.request_count,error_count,aborted_count,requests_per_second,tokens_per_second,prompt_tokens,completion_tokens,cached_tokens,p50_latency,p95_latency,p99_latency,p95_time_to_first_token,p95_inter_token_latency,avg_queue,avg_prefill,avg_decode,avg_kv_cache_util,avg_batch_size,avg_quality';
const RAW_DAYS = 30;

export function Service() {
  const { customer, service } = address.value;
  const window = shownWindow.value, bucket = bucketOf(window), during = parameters(window);
  const own = { where: where({ customer, service }) };
  const total = useBoth(METRICS, metrics(TOTALS, own), window);
  const trend = useAnswer(METRICS, metrics('performance.request_count,p50_latency,p95_latency,p99_latency,p50_time_to_first_token,p95_time_to_first_token,p99_time_to_first_token,avg_queue,avg_prefill,avg_decode,avg_kv_cache_util,avg_batch_size,avg_quality', { bucket, ...own, ...during }));
  const models = useAnswer(METRICS, metrics('performance.request_count,completion_tokens,p50_latency,p95_latency,p95_time_to_first_token,tokens_per_second', { by: 'model,server', ...own, ...during }));
  // Of raw rows, which are kept for a month.
  const isRaw = Date.now() - window.begin <= RAW_DAYS * DAY;
  const endings = useAnswer(METRICS, isRaw ? metrics('performance.request_count,p95_latency', { by: 'status,finish_reason', ...own, ...during }) : null);
  const versions = useAnswer(METRICS, isRaw ? metrics('performance.request_count,error_count,p50_latency,p95_latency,p95_time_to_first_token,completion_tokens', { by: 'model,model_version', ...own, ...during }) : null);
  const unit = useAnswer(UNIT_COST, { customer, service, ...during });
  const listed = useAnswer('/api/v1/objectives', {});
  const held = useAnswer('/api/v1/query/slo', { customer, service, ...during });
  const explain = useAnswer('/api/v1/query/explain', { customer, service, ...during });
  const api = useAnswer('/api/v1/query/self-host', { customer, service, ...during });

  const now = total.now.answer?.rows[0] ?? {}, then = total.then.answer?.rows[0] ?? {};
  const times = trend.answer ? timesOf(trend.answer, bucket) : [];
  const line = (/** @type {string} */ key) => valuesOf(trend.answer?.rows ?? [], key, times);
  const step = times.length > 1 ? times[1] - times[0] : 3600;
  const unitRow = unit.answer?.rows[0] ?? null;
  const tile = { answers: [total.now.answer, total.then.answer], isLoading: total.now.isLoading };
  const why = whyNone(total.now.answer, 'performance');
  const requests = line('total_requests'), p95 = line('p95_latency_ms');
  const points = times.map((time, i) => ({ time, x: (requests[i] ?? 0) / step, y: p95[i] ?? 0 })).filter((each) => each.x > 0 && each.y > 0 && each.time * 1000 >= window.begin && (each.time + step) * 1000 <= window.end);
  const ofService = (held.answer?.rows ?? []).filter((row) => row.objective_name).map((row) => /** @type {import('../answers.js').Row} */ ({ ...row, share: row.objective, ...(listed.answer?.rows ?? []).find((each) => each.objective === row.objective_name) }));
  /** What objectives want, as lines of a chart. @param {string} target */
  const wanted = (target) => ofService.filter((row) => row[`target_${target}`] !== null).map((row) => ({ label: `${row.objective_name}: ${shareText(row.share)} within`, values: times.map(() => row[`target_${target}`]), colour: '--quiet', dash: [5, 4] }));
  const latencies = [...latencySeries(line), ...wanted('latency_ms')], firstTokens = [...latencySeries(line, 'time_to_first_token_ms'), ...wanted('time_to_first_token_ms')];
  const phases = [
    { label: 'queue', values: line('avg_queue_ms'), colour: '--series-4' },
    { label: 'prefill', values: line('avg_prefill_ms'), colour: '--series-1' },
    { label: 'decode', values: line('avg_decode_ms'), colour: '--series-2' },
  ];
  if (total.now.answer?.reason) return html`<h1>Service ${nameOf(service ?? '')}</h1><p class="nothing">${total.now.answer.reason}</p>`;
  const tileOf = (/** @type {string} */ label, /** @type {string} */ key, /** @type {string} */ unitName, rest = {}) =>
    html`<${Tile} label=${label} value=${now[key]} then=${then[key]} unit=${unitName} why=${why} keys=${[key]} ...${tile} ...${rest} />`;
  return html`
    <p class="crumbs"><a href=${toPage('services')}>Services</a> / <code>${service}</code> of <${CustomerLink} id=${customer ?? ''} /></p>
    <h1>Service ${nameOf(service ?? '')}</h1>
    <${Sentence} isReady=${total.now.answer}>
      ${now.total_requests ? html`In ${window.label} it answered <b>${compact(now.total_requests)} requests</b>, half of them within <b>${withUnit(now.p50_latency_ms, 'ms')}</b> and 95 % within <b>${withUnit(now.p95_latency_ms, 'ms')}</b>${unitRow?.cost_per_million_tokens ? html`, at <b>${money(unitRow.cost_per_million_tokens, unitRow.currency)}</b> for a million tokens.` : '; what its tokens cost is not known.'}` : html`In ${window.label} it had no traffic.`}
    <//>
    <div class="tiles">
      ${tileOf('Requests', 'total_requests', 'requests', { trend: requests })}
      ${tileOf('Latency, p95', 'p95_latency_ms', 'ms', { better: 'less', trend: p95 })}
      ${tileOf('First token, p95', 'p95_time_to_first_token_ms', 'ms', { better: 'less', trend: line('p95_time_to_first_token_ms') })}
      ${tileOf('Between tokens, p95', 'p95_inter_token_latency_ms', 'ms', { better: 'less' })}
      ${tileOf('Tokens per second', 'tokens_per_second', 'tokens/s')}
      ${tileOf('Queue, mean', 'avg_queue_ms', 'ms', { better: 'less', trend: line('avg_queue_ms') })}
      ${tileOf('KV cache in use', 'avg_kv_cache_utilization', 'percent', { trend: line('avg_kv_cache_utilization') })}
      ${tileOf('Failed', 'error_count', 'requests', { better: 'less' })}
      <${Tile} label="Cost of 1M tokens" value=${unitRow?.cost_per_million_tokens} unit="currency" currency=${unitRow?.currency} why=${unit.answer && !unitRow ? 'not attributed' : 'price unknown'} keys=${['cost_per_million_tokens', 'cost_per_million_input', 'cost_per_million_output']} note=${unitRow ? ' ' : undefined} answers=${[unit.answer]} isLoading=${unit.isLoading} />
      ${tileOf('Quality', 'avg_quality', '0-1', { better: 'more', why: whyNone(total.now.answer, 'quality'), trend: line('avg_quality') })}
    </div>
    <div class="panels">
      <${Panel} name="service-latency" title="Latency" asked=${trend} keys=${['p50_latency_ms', 'p95_latency_ms', 'p99_latency_ms']} empty="No request in this window." table=${html`<${SeriesTable} label="Latency" times=${times} series=${latencies} unit="ms" />`}>
        <${Chart} label="Latency" times=${times} step=${step} series=${latencies} unit="ms" />
      <//>
      <${Panel} name="service-first-token" title="First token" asked=${trend} keys=${['p50_time_to_first_token_ms', 'p95_time_to_first_token_ms', 'p99_time_to_first_token_ms']} empty="No request in this window." table=${html`<${SeriesTable} label="First token" times=${times} series=${firstTokens} unit="ms" />`}>
        ${firstTokens.slice(0, 3).some((each) => each.values.some((value) => value !== null)) ? html`<${Chart} label="Time to the first token" times=${times} step=${step} series=${firstTokens} unit="ms" />` : html`<p class="nothing">Times to the first token were not measured.</p>`}
      <//>
      ${ofService.length > 0 && html`<${Panel} name="service-objectives" title="Objectives" isWide asked=${[held, listed]} subtitle=${html`Requests of this service alone. <a href=${toPage('objectives')}>All objectives</a>`}>
        <${DataTable} name="service-objectives" label="Objectives of this service" rows=${ofService} sort="error_budget_left" columns=${[
          { key: 'objective_name', title: 'Objective', text: (/** @type {any} */ row) => html`<a href=${toPage('objectives', { objective_name: row.objective_name })}>${row.objective_name}</a>` },
          { key: 'targets', title: 'A good request', text: targetsText },
          { key: 'state', title: 'State', text: (/** @type {any} */ row) => html`<${ObjectiveState} row=${row} />` },
          shareColumn('share', 'Wanted'), shareColumn('attainment', 'Attainment'), shareColumn('error_budget_left', 'Budget left'),
          ...['1h', '6h', '3d'].map((each) => ({ key: `burn_rate_${each}`, title: `Burn ${each}`, unit: 'times', why: () => 'no traffic' })),
        ]} />
      <//>`}
      <${Panel} name="service-knee" title="Load against latency" subtitle=${`A point for each ${bucket}; the large one is the latest. Where points bend up, the service has reached its limit.`} asked=${trend} keys=${['total_requests', 'p95_latency_ms']} empty="No request in this window."
        how=${`Requests of each ${bucket} divided by its length, against the 95th percentile of their latency.`}>
        ${points.length ? html`<${Scatter} label="Load against latency" points=${points} xTitle="requests per second" yTitle="p95 latency" xUnit="requests/s" yUnit="ms" />` : html`<p class="nothing">No request in this window.</p>`}
      <//>
      <${Panel} name="service-load" title="Requests" asked=${trend} keys=${['total_requests']} empty="No request in this window." table=${html`<${SeriesTable} label="Requests" times=${times} series=${[{ label: 'requests', values: requests, colour: '--series-1' }]} unit="requests" />`}>
        <${Chart} label=${`Requests for each ${bucket}`} times=${times} step=${step} series=${[{ label: 'requests', values: requests, colour: '--series-1' }]} unit="requests" isStacked height=${180} />
      <//>
      <${Panel} name="service-time" title="Where the time goes" subtitle="Mean of the requests of each step" asked=${trend} keys=${['avg_queue_ms', 'avg_prefill_ms', 'avg_decode_ms']} empty="No request in this window." table=${html`<${SeriesTable} label="Where the time goes" times=${times} series=${phases} unit="ms" />`}>
        ${phases.some((each) => each.values.some((value) => value !== null)) ? html`<${Chart} label="Where the time goes" times=${times} step=${step} series=${phases} unit="ms" isStacked height=${180} />` : html`<p class="nothing">Queue, prefill and decode times were not measured.</p>`}
      <//>
      <${Panel} name="service-week" title="When it is busy" subtitle="Mean requests by weekday and hour, in the shown time zone" asked=${trend} keys=${['total_requests']} empty="No request in this window.">
        ${bucket === 'hour' ? html`<${HourMap} label="Mean requests by weekday and hour" times=${times} values=${requests} unit="requests" />` : html`<p class="nothing">Hours are shown for windows of up to 15 days.</p>`}
      <//>
      <${Panel} name="service-cost" title="Where the money went" asked=${unit} currency=${unitRow?.currency} empty="No hour of this window is attributed yet: optiinfra attribute does it.">
        <${CostSplit} row=${unitRow} />
        ${unitRow && html`<p class="quiet">A million tokens in: ${unitRow.cost_per_million_input === null ? 'not known' : money(unitRow.cost_per_million_input, unitRow.currency)}, out: ${unitRow.cost_per_million_output === null ? 'not known' : money(unitRow.cost_per_million_output, unitRow.currency)}; a request: ${unitRow.cost_per_request === null ? 'not known' : money(unitRow.cost_per_request, unitRow.currency)}.</p>`}
      <//>
      <${Panel} name="service-why" title="Why the cost changed" subtitle="Attributed cost against the period before, by model" asked=${explain} currency=${unitRow?.currency} empty="No hour of this window is attributed yet: optiinfra attribute does it.">
        <${WhyChanged} answer=${explain.answer} currency=${unitRow?.currency ?? ''} />
      <//>
      <${Panel} name="service-api" title="Own serving or an API" isWide asked=${api} currency=${unitRow?.currency} empty="No hour of this window is attributed yet: optiinfra attribute does it." subtitle=${OWN_OR_API}>
        <${OwnOrApi} name="own-or-api" answer=${api.answer} />
      <//>
      <${Panel} name="service-versions" title="Models and versions" isWide asked=${isRaw ? versions : models} empty="No request in this window.">
        <${DataTable} name="versions" label="Models and versions" rows=${(isRaw ? versions : models).answer?.rows ?? []} sort="total_requests:desc" columns=${[
          { key: 'model_name', title: 'Model', text: (/** @type {any} */ row) => html`<${ModelName} name=${row.model_name} />` },
          { key: 'model_version', title: 'Version' },
          { key: 'total_requests', title: 'Requests', unit: 'requests', bar: '--series-1' },
          { key: 'completion_tokens', title: 'Generated tokens', unit: 'tokens' },
          { key: 'p95_time_to_first_token_ms', title: 'First token, p95', unit: 'ms' },
          { key: 'p50_latency_ms', title: 'Latency, p50', unit: 'ms' },
          { key: 'p95_latency_ms', title: 'p95', unit: 'ms' },
        ]} />
      <//>
      ${isRaw && html`<${Panel} name="service-endings" title="How requests ended" isWide asked=${endings} empty="No request in this window.">
        <${DataTable} name="endings" label="How requests ended" rows=${endings.answer?.rows ?? []} sort="total_requests:desc" columns=${[
          { key: 'status', title: 'Status' }, { key: 'finish_reason', title: 'Finish reason' },
          { key: 'total_requests', title: 'Requests', unit: 'requests', bar: '--series-1' },
          { key: 'p95_latency_ms', title: 'Latency, p95', unit: 'ms' },
        ]} />
      <//>`}
    </div>`;
}
