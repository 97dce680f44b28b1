// One customer: the bill, its services and models, how fast and how well it is served.
import { address, toPage } from '../address.js';
import { METRICS, UNIT_COST, metrics, useAnswer, useBoth, where } from '../answers.js';
import { compact, money, percent, withUnit } from '../format.js';
import { html } from '../html.js';
import { nameOf } from '../names.js';
import { bucketOf, parameters, shownWindow } from '../time.js';
import { currenciesText, mainCurrency, sum } from './sums.js';
import { keyed } from './joins.js';
import { Chart } from '../parts/Chart.js';
import { CostSplit } from '../parts/CostSplit.js';
import { DataTable, SeriesTable } from '../parts/DataTable.js';
import { ModelName, ServiceLink } from '../parts/Names.js';
import { Month } from '../parts/Month.js';
import { OWN_OR_API, OwnOrApi } from '../parts/OwnOrApi.js';
import { Panel } from '../parts/Panel.js';
import { ReportLink } from '../parts/ReportLink.js';
import { Sentence, comparedText } from '../parts/Sentence.js';
import { Tile } from '../parts/Tile.js';
import { whyNone } from '../parts/Value.js';
import { WhyChanged } from '../parts/WhyChanged.js';
import { latencySeries, seriesBy, timesOf, valuesOf } from '../parts/series.js';

const TOTALS = 'performance.request_count,error_count,prompt_tokens,completion_tokens,cached_tokens,p95_time_to_first_token,p95_latency,avg_quality';

export function Customer() {
  const customer = address.value.customer ?? '';
  const window = shownWindow.value, bucket = bucketOf(window), during = parameters(window);
  const own = { where: where({ customer }) };
  const cost = useBoth(METRICS, metrics('total_cost', { by: 'currency', ...own }), window);
  const total = useBoth(METRICS, metrics(TOTALS, own), window);
  const trend = useAnswer(METRICS, metrics('performance.request_count,p50_latency,p95_latency,p99_latency,avg_quality', { bucket, ...own, ...during }));
  const costTrend = useAnswer(METRICS, metrics('total_cost', { bucket, by: 'cloud_service,currency', ...own, ...during }));
  const services = useAnswer(METRICS, metrics('performance.request_count,error_count,prompt_tokens,completion_tokens,p50_latency,p95_latency,p99_latency', { by: 'service,model', ...own, ...during }));
  const bill = useAnswer(UNIT_COST, { customer, ...during });
  const unit = useAnswer(UNIT_COST, { customer, by: 'service', ...during });
  const forecast = useAnswer('/api/v1/query/forecast', { customer });
  const budgets = useAnswer('/api/v1/query/budgets', { customer });
  const explain = useAnswer('/api/v1/query/explain', { customer, ...during });
  const api = useAnswer('/api/v1/query/self-host', { customer, ...during });

  const currency = mainCurrency(cost.now.answer, 'total_cost');
  const spent = sum(cost.now.answer, 'total_cost', currency), spentBefore = sum(cost.then.answer, 'total_cost', currency);
  const now = total.now.answer?.rows[0] ?? {}, then = total.then.answer?.rows[0] ?? {};
  const times = trend.answer ? timesOf(trend.answer, bucket) : [];
  const line = (/** @type {string} */ key) => valuesOf(trend.answer?.rows ?? [], key, times);
  const costTimes = costTrend.answer ? timesOf(costTrend.answer, bucket) : [];
  const costSeries = seriesBy((costTrend.answer?.rows ?? []).filter((row) => row.currency === currency), 'service_name', 'total_cost', costTimes);
  const billRow = bill.answer?.rows.find((row) => row.currency === currency) ?? null;
  const units = keyed((unit.answer?.rows ?? []).filter((row) => row.currency === currency), 'service_id');
  const serviceRows = (services.answer?.rows ?? []).map((row) => ({ ...row, customer, cost_per_million_tokens: units.get(row.service_id)?.cost_per_million_tokens ?? null, service_cost: units.get(row.service_id)?.total_cost ?? null, is_attributed: units.has(row.service_id) }));
  const tile = { answers: [total.now.answer, total.then.answer], isLoading: total.now.isLoading };
  const none = (/** @type {string} */ family) => whyNone(total.now.answer, family);
  const step = times.length > 1 ? times[1] - times[0] : 3600;
  const failed = (/** @type {any} */ row) => (row.total_requests ? (row.error_count / row.total_requests) * 100 : null);
  if (total.now.answer?.reason && cost.now.answer?.reason)
    return html`<h1>Customer ${nameOf(customer)}</h1><p class="nothing">${total.now.answer.reason}</p><p><a href=${toPage('customers')}>All customers</a></p>`;
  return html`
    <p class="crumbs"><a href=${toPage('customers')}>Customers</a> / <code>${customer}</code> · <${ReportLink} customer=${customer} /></p>
    <h1>Customer ${nameOf(customer)}</h1>
    <${Sentence} isReady=${cost.now.answer && total.now.answer}>
      In ${window.label} this customer cost <b>${currenciesText(cost.now.answer, 'total_cost')}</b>${comparedText(spent, spentBefore, (rate) => percent(rate))} and sent <b>${compact(now.total_requests ?? 0)} requests</b>${now.p95_latency_ms !== null && now.p95_latency_ms !== undefined ? html`, 95 % of them answered within <b>${withUnit(now.p95_latency_ms, 'ms')}</b>.` : '.'}
    <//>
    <div class="tiles">
      <${Tile} label="Cost" value=${spent} then=${spentBefore} unit="currency" currency=${currency} better="less" why="no traffic" answers=${[cost.now.answer, cost.then.answer]} isLoading=${cost.now.isLoading} />
      <${Tile} label="Requests" value=${now.total_requests} then=${then.total_requests} unit="requests" keys=${['total_requests']} trend=${line('total_requests')} ...${tile} />
      <${Tile} label="Prompt tokens" value=${now.prompt_tokens} then=${then.prompt_tokens} unit="tokens" why=${none('performance')} keys=${['prompt_tokens', 'cached_tokens']} ...${tile} />
      <${Tile} label="Generated tokens" value=${now.completion_tokens} then=${then.completion_tokens} unit="tokens" why=${none('performance')} keys=${['completion_tokens']} ...${tile} />
      <${Tile} label="First token, p95" value=${now.p95_time_to_first_token_ms} then=${then.p95_time_to_first_token_ms} unit="ms" better="less" why=${none('performance')} keys=${['p95_time_to_first_token_ms']} ...${tile} />
      <${Tile} label="Latency, p95" value=${now.p95_latency_ms} then=${then.p95_latency_ms} unit="ms" better="less" why=${none('performance')} trend=${line('p95_latency_ms')} keys=${['p95_latency_ms']} ...${tile} />
      <${Tile} label="Failed by the server" value=${failed(now)} then=${failed(then)} unit="percent" better="less" why=${none('performance')} keys=${['error_count', 'total_requests']} how="Requests whose status is server_error or dropped, of all requests; one without a status counts as not failed." ...${tile} />
      <${Tile} label="Quality" value=${now.avg_quality} then=${then.avg_quality} unit="0-1" better="more" why=${none('quality')} trend=${line('avg_quality')} keys=${['avg_quality']} ...${tile} />
      <${Tile} label="Cost of 1M tokens" value=${billRow?.cost_per_million_tokens} unit="currency" currency=${currency} why=${bill.answer && !billRow ? 'not attributed' : 'price unknown'} keys=${['cost_per_million_tokens', 'cost_per_million_input', 'cost_per_million_output']} note=" " answers=${[bill.answer]} isLoading=${bill.isLoading} />
      <${Tile} label="Idle" value=${billRow?.idle_cost} unit="currency" currency=${currency} why=${bill.answer && !billRow ? 'not attributed' : 'price unknown'} keys=${['idle_cost', 'total_cost']} note=${billRow?.idle_cost ? html`<span class="change">${percent((billRow.idle_cost / billRow.total_cost) * 100)} of attributed cost</span>` : ' '} answers=${[bill.answer]} isLoading=${bill.isLoading} />
    </div>
    <div class="panels">
      <${Panel} name="bill" title="The bill" subtitle="Attributed cost of this customer, by what it paid for" asked=${bill} currency=${currency} empty="No hour of this window is attributed yet: optiinfra attribute does it.">
        <${CostSplit} row=${billRow} />
        ${billRow && html`<p class="quiet">Coverage: ${billRow.coverage === null ? 'not known' : `${percent(billRow.coverage * 100)} of requests have a price`}; method ${billRow.allocation_method ?? 'not known'}; cached tokens saved ${billRow.cache_avoided_cost === null ? 'an unknown amount' : money(billRow.cache_avoided_cost, currency)}, which is in no sum.</p>`}
      <//>
      <${Panel} name="customer-cost" title="Cost by cloud service" asked=${costTrend} currency=${currency} empty="No charge in this window." table=${html`<${SeriesTable} label="Cost by cloud service" times=${costTimes} series=${costSeries} unit="currency" currency=${currency} />`}>
        <${Chart} label=${`Cost by cloud service for each ${bucket}`} times=${costTimes} step=${step} series=${costSeries} unit="currency" currency=${currency} isStacked />
      <//>
      <${Panel} name="customer-month" title="This month" subtitle="Calendar month in UTC: attributed hours, and a forecast of the others" asked=${[forecast, budgets]} currency=${currency}>
        <${Month} row=${forecast.answer?.rows.find((row) => row.currency === currency) ?? null} budgets=${(budgets.answer?.rows ?? []).filter((row) => row.scope === 'customer' && row.scope_id === customer)} />
      <//>
      <${Panel} name="customer-why" title="Why the cost changed" subtitle="Attributed cost against the period before, by model" asked=${explain} currency=${currency} empty="No hour of this window is attributed yet: optiinfra attribute does it.">
        <${WhyChanged} answer=${explain.answer} currency=${currency} />
      <//>
      <${Panel} name="customer-latency" title="Latency" asked=${trend} keys=${['p50_latency_ms', 'p95_latency_ms', 'p99_latency_ms']} empty="No request in this window." table=${html`<${SeriesTable} label="Latency" times=${times} series=${latencySeries(line)} unit="ms" />`}>
        <${Chart} label="Latency" times=${times} step=${step} series=${latencySeries(line)} unit="ms" />
      <//>
      <${Panel} name="customer-load" title="Requests" asked=${trend} keys=${['total_requests']} empty="No request in this window." table=${html`<${SeriesTable} label="Requests" times=${times} series=${[{ label: 'requests', values: line('total_requests'), colour: '--series-1' }]} unit="requests" />`}>
        <${Chart} label=${`Requests for each ${bucket}`} times=${times} step=${step} series=${[{ label: 'requests', values: line('total_requests'), colour: '--series-1' }]} unit="requests" isStacked />
      <//>
      <${Panel} name="customer-api" title="Own serving or an API" isWide asked=${api} currency=${currency} empty="No hour of this window is attributed yet: optiinfra attribute does it." subtitle=${OWN_OR_API}>
        <${OwnOrApi} name="own-or-api" answer=${api.answer} />
      <//>
      <${Panel} name="customer-services" title="Services and models" isWide asked=${[services, unit]} currency=${currency} empty="No request in this window.">
        <${DataTable} name="services" label="Services and models" rows=${serviceRows} sort="total_requests:desc" columns=${[
          { key: 'service_id', title: 'Service', text: (/** @type {any} */ row) => html`<${ServiceLink} customer=${customer} service=${row.service_id} />` },
          { key: 'model_name', title: 'Model', text: (/** @type {any} */ row) => html`<${ModelName} name=${row.model_name} />` },
          { key: 'total_requests', title: 'Requests', unit: 'requests', bar: '--series-1' },
          { key: 'prompt_tokens', title: 'Prompt tokens', unit: 'tokens' },
          { key: 'completion_tokens', title: 'Generated', unit: 'tokens' },
          { key: 'p50_latency_ms', title: 'p50', unit: 'ms' },
          { key: 'p95_latency_ms', title: 'p95', unit: 'ms' },
          { key: 'p99_latency_ms', title: 'p99', unit: 'ms' },
          { key: 'service_cost', title: 'Service cost', unit: 'currency', currency: () => currency, why: (/** @type {any} */ row) => (row.is_attributed ? 'price unknown' : 'not attributed') },
          { key: 'cost_per_million_tokens', title: '1M tokens', unit: 'currency', currency: () => currency, why: (/** @type {any} */ row) => (row.is_attributed ? 'price unknown' : 'not attributed') },
        ]} />
      <//>
    </div>`;
}
