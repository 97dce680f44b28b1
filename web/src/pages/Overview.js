// What the fleet costs, how much it serves, how fast, how well and how busy it is, and what changed.
import { METRICS, UNIT_COST, metrics, useAnswer, useBoth } from '../answers.js';
import { compact, money, percent, withUnit } from '../format.js';
import { html } from '../html.js';
import { bucketOf, parameters, shownWindow } from '../time.js';
import { currenciesText, mainCurrency, sum } from './sums.js';
import { Chart } from '../parts/Chart.js';
import { ContributionBars } from '../parts/ContributionBars.js';
import { CostSplit } from '../parts/CostSplit.js';
import { DataTable, SeriesTable } from '../parts/DataTable.js';
import { CustomerLink } from '../parts/Names.js';
import { Month } from '../parts/Month.js';
import { Panel } from '../parts/Panel.js';
import { Sentence, comparedText } from '../parts/Sentence.js';
import { Tile } from '../parts/Tile.js';
import { whyNone } from '../parts/Value.js';
import { WhyChanged } from '../parts/WhyChanged.js';
import { latencySeries, seriesBy, timesOf, valuesOf } from '../parts/series.js';

// Percentiles of many services take a store seconds, so what is counted does not wait for them.
const COUNTS = 'performance.request_count,error_count,prompt_tokens,completion_tokens,resource.avg_gpu_util,avg_quality', PERCENTILES = 'p95_time_to_first_token,performance.p95_latency';

export function Overview() {
  const window = shownWindow.value, bucket = bucketOf(window);
  const cost = useBoth(METRICS, metrics('total_cost', { by: 'currency' }), window);
  const total = useBoth(METRICS, metrics(COUNTS), window);
  const trend = useAnswer(METRICS, metrics(COUNTS, { bucket, ...parameters(window) }));
  const costTrend = useAnswer(METRICS, metrics('total_cost', { bucket, by: 'provider,currency', ...parameters(window) }));
  const customers = useBoth(METRICS, metrics('total_cost', { by: 'customer,currency', order: 'total_cost:desc', limit: 2000 }), window);
  const unit = useAnswer(UNIT_COST, parameters(window));
  const forecast = useAnswer('/api/v1/query/forecast', {});
  const budgets = useAnswer('/api/v1/query/budgets', {});
  const explain = useAnswer('/api/v1/query/explain', parameters(window));
  const speed = useBoth(METRICS, metrics(PERCENTILES), window);
  const latency = useAnswer(METRICS, metrics('performance.p50_latency,performance.p95_latency,performance.p99_latency', { bucket, ...parameters(window) }));

  const currency = mainCurrency(cost.now.answer, 'total_cost');
  const spent = sum(cost.now.answer, 'total_cost', currency), spentBefore = sum(cost.then.answer, 'total_cost', currency);
  const now = total.now.answer?.rows[0] ?? {}, then = total.then.answer?.rows[0] ?? {};
  const times = trend.answer ? timesOf(trend.answer, bucket) : [];
  const line = (/** @type {string} */ key) => valuesOf(trend.answer?.rows ?? [], key, times);
  const fast = speed.now.answer?.rows[0] ?? {}, fastThen = speed.then.answer?.rows[0] ?? {};
  const latencyTimes = latency.answer ? timesOf(latency.answer, bucket) : [];
  const latencies = latencySeries((key) => valuesOf(latency.answer?.rows ?? [], key, latencyTimes));
  const unitRow = unit.answer?.rows.find((row) => row.currency === currency) ?? null;
  const both = [total.now.answer, total.then.answer];
  const tile = { answers: both, isLoading: total.now.isLoading };
  const fastTile = { unit: 'ms', better: 'less', why: whyNone(speed.now.answer, 'performance'), answers: [speed.now.answer, speed.then.answer], isLoading: speed.now.isLoading };
  const none = (/** @type {string} */ family) => whyNone(total.now.answer, family);
  const tokens = (/** @type {any} */ row) => (row.prompt_tokens === undefined ? undefined : row.prompt_tokens === null && row.completion_tokens === null ? null : (row.prompt_tokens ?? 0) + (row.completion_tokens ?? 0));
  const failed = (/** @type {any} */ row) => (row.total_requests ? (row.error_count / row.total_requests) * 100 : null);
  const costTimes = costTrend.answer ? timesOf(costTrend.answer, bucket) : [];
  const costRows = (costTrend.answer?.rows ?? []).filter((row) => row.currency === currency);
  const costSeries = seriesBy(costRows, 'cloud_provider', 'total_cost', costTimes);
  const costLine = costTimes.map((_, i) => (costSeries.every((each) => each.values[i] === null) ? null : costSeries.reduce((all, each) => all + (each.values[i] ?? 0), 0)));
  const step = times.length > 1 ? times[1] - times[0] : 3600;

  return html`
    <h1>Overview</h1>
    <${Sentence} isReady=${cost.now.answer && total.now.answer}>
      In ${window.label} the fleet cost <b>${currenciesText(cost.now.answer, 'total_cost')}</b>${comparedText(spent, spentBefore, (rate) => percent(rate))}
      ${now.total_requests ? html` and served <b>${compact(now.total_requests)} requests</b>${typeof fast.p95_latency_ms === 'number' && html`, 95 % of them within <b>${withUnit(fast.p95_latency_ms, 'ms')}</b>`}` : ' and served no request'}${now.avg_gpu_utilization !== null && now.avg_gpu_utilization !== undefined ? html`; its GPUs were busy <b>${percent(now.avg_gpu_utilization)}</b> of the time.` : '; how busy its GPUs were was not measured.'}
    <//>
    <div class="tiles">
      <${Tile} label="Cost" value=${spent} then=${spentBefore} unit="currency" currency=${currency} better="less" trend=${costLine} answers=${[cost.now.answer, cost.then.answer]} isLoading=${cost.now.isLoading} why="no traffic" />
      <${Tile} label="Requests" value=${now.total_requests} then=${then.total_requests} unit="requests" trend=${line('total_requests')} keys=${['total_requests']} ...${tile} />
      <${Tile} label="Tokens" value=${tokens(now)} then=${tokens(then)} unit="tokens" why=${none('performance')} trend=${line('completion_tokens')} keys=${['prompt_tokens', 'completion_tokens']} how="Prompt and completion tokens together; the line shows completion tokens." ...${tile} />
      <${Tile} label="First token, p95" value=${fast.p95_time_to_first_token_ms} then=${fastThen.p95_time_to_first_token_ms} keys=${['p95_time_to_first_token_ms']} ...${fastTile} />
      <${Tile} label="Latency, p95" value=${fast.p95_latency_ms} then=${fastThen.p95_latency_ms} trend=${latencies[1].values} keys=${['p95_latency_ms']} ...${fastTile} />
      <${Tile} label="Failed by the server" value=${failed(now)} then=${failed(then)} unit="percent" better="less" why=${none('performance')} keys=${['error_count', 'total_requests']} how="Requests whose status is server_error or dropped, of all requests; one without a status counts as not failed." ...${tile} />
      <${Tile} label="GPUs busy" value=${now.avg_gpu_utilization} then=${then.avg_gpu_utilization} unit="percent" why=${none('resource')} trend=${line('avg_gpu_utilization')} keys=${['avg_gpu_utilization']} how="The mean of the GPUs' own samples: the share of time in which a kernel ran." ...${tile} />
      <${Tile} label="Quality" value=${now.avg_quality} then=${then.avg_quality} unit="0-1" better="more" why=${none('quality')} trend=${line('avg_quality')} keys=${['avg_quality']} ...${tile} />
      <${Tile} label="Cost of 1M tokens" value=${unitRow?.cost_per_million_tokens} unit="currency" currency=${currency} why=${unit.answer && !unitRow ? 'not attributed' : 'price unknown'} keys=${['cost_per_million_tokens', 'cost_per_million_input', 'cost_per_million_output']} note=${unitRow && html`<span class="change">in ${money(unitRow.cost_per_million_input ?? NaN, currency)}, out ${money(unitRow.cost_per_million_output ?? NaN, currency)}</span>`} how="Attributed cost, on the basis of all that was paid for (reservation)." answers=${[unit.answer]} isLoading=${unit.isLoading} />
      <${Tile} label="Idle" value=${unitRow?.idle_cost} unit="currency" currency=${currency} why=${unit.answer && !unitRow ? 'not attributed' : 'price unknown'} keys=${['idle_cost', 'total_cost']} note=${unitRow?.idle_cost && html`<span class="change">${percent((unitRow.idle_cost / unitRow.total_cost) * 100)} of attributed cost</span>`} how="Paid time in which no request ran: the share of such seconds of each charge." answers=${[unit.answer]} isLoading=${unit.isLoading} />
    </div>
    <div class="panels">
      <${Panel} name="cost" title="Cost by provider" asked=${costTrend} currency=${currency} empty="No charge in this window." table=${html`<${SeriesTable} label="Cost by provider" times=${costTimes} series=${costSeries} unit="currency" currency=${currency} />`}>
        <${Chart} label=${`Cost by provider for each ${bucket}`} times=${costTimes} step=${step} series=${costSeries} unit="currency" currency=${currency} isStacked />
      <//>
      <${Panel} name="change" title="What changed" subtitle="Cost of each customer against the period before" asked=${[customers.now, customers.then]} currency=${currency} empty="No charge in this window."
        how="Cost now less cost in the period before, of each customer.">
        <${ContributionBars} label="Change of cost by customer" unit="currency" currency=${currency} rows=${changesOf(customers.now.answer, customers.then.answer, currency)} />
      <//>
      <${Panel} name="latency" title="Latency" asked=${latency} keys=${['p50_latency_ms', 'p95_latency_ms', 'p99_latency_ms']} empty="No request in this window." table=${html`<${SeriesTable} label="Latency" times=${latencyTimes} series=${latencies} unit="ms" />`}>
        <${Chart} label="Latency" times=${latencyTimes} step=${step} series=${latencies} unit="ms" />
      <//>
      <${Panel} name="waste" title="Where the money went" subtitle="Attributed cost: what served requests, and what did not" asked=${unit} currency=${currency} empty="No hour of this window is attributed yet. optiinfra attribute does it.">
        <${CostSplit} row=${unitRow} />
      <//>
      <${Panel} name="month" title="This month" subtitle="Calendar month in UTC: attributed hours, and a forecast of the others" asked=${[forecast, budgets]} currency=${currency}>
        <${Month} row=${forecast.answer?.rows.find((row) => row.currency === currency) ?? null} budgets=${(budgets.answer?.rows ?? []).filter((row) => !row.scope)} />
      <//>
      <${Panel} name="why" title="Why the cost changed" subtitle="Attributed cost against the period before, by model" asked=${explain} currency=${currency} empty="No hour of this window is attributed yet: optiinfra attribute does it.">
        <${WhyChanged} answer=${explain.answer} currency=${currency} />
      <//>
      <${Panel} name="load" title="Requests" asked=${trend} keys=${['total_requests', 'error_count']} empty="No request in this window." table=${html`<${SeriesTable} label="Requests" times=${times} series=${loadSeries(line)} unit="requests" />`}>
        <${Chart} label=${`Requests for each ${bucket}`} times=${times} step=${step} series=${loadSeries(line)} unit="requests" isStacked height=${180} />
      <//>
      <${Panel} name="customers" title="Customers by cost" asked=${customers.now} currency=${currency} empty="No charge in this window.">
        <${DataTable} name="customers" label="Customers by cost" rows=${customers.now.answer?.rows ?? []} sort="total_cost:desc" shown=${8} columns=${[
          { key: 'customer_id', title: 'Customer', text: (/** @type {any} */ row) => html`<${CustomerLink} id=${row.customer_id} />` },
          { key: 'total_cost', title: 'Cost', unit: 'currency', bar: '--series-1' },
          { key: 'share', title: 'Share', unit: 'percent', value: (/** @type {any} */ row) => (spent && row.currency === currency ? (row.total_cost / spent) * 100 : null), why: () => 'other currency' },
        ]} />
      <//>
    </div>`;
}

/** @param {(key: string) => (number | null)[]} line */
function loadSeries(line) {
  const all = line('total_requests');
  const failed = line('error_count');
  return [
    { label: 'answered', values: all.map((each, i) => (each === null ? null : each - (failed[i] ?? 0))), colour: '--series-1' },
    { label: 'failed by the server', values: failed, colour: '--series-4' },
  ];
}

/** @param {any} now @param {any} then @param {string} currency */
function changesOf(now, then, currency) {
  /** @type {Map<string, {now: number, then: number}>} */
  const all = new Map();
  for (const [answer, when] of /** @type {[any, 'now' | 'then'][]} */ ([[now, 'now'], [then, 'then']]))
    for (const row of answer?.rows ?? []) {
      if (row.currency !== currency) continue;
      const entry = all.get(row.customer_id) ?? { now: 0, then: 0 };
      entry[when] += row.total_cost ?? 0;
      all.set(row.customer_id, entry);
    }
  return [...all].map(([id, entry]) => ({ name: html`<${CustomerLink} id=${id} />`, ...entry }));
}

