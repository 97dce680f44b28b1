// The GPUs: how busy each is, and which burn money with nobody on them.
import { METRICS, metrics, useAnswer, useBoth } from '../answers.js';
import { compact, money, percent } from '../format.js';
import { html } from '../html.js';
import { bucketOf, parameters, shownWindow } from '../time.js';
import { charged, keyed } from './joins.js';
import { mainCurrency, sum } from './sums.js';
import { Chart } from '../parts/Chart.js';
import { DataTable, SeriesTable } from '../parts/DataTable.js';
import { GpuGrid } from '../parts/GpuGrid.js';
import { CustomerLink } from '../parts/Names.js';
import { Panel } from '../parts/Panel.js';
import { Sentence } from '../parts/Sentence.js';
import { Tile } from '../parts/Tile.js';
import { whyNone } from '../parts/Value.js';
import { timesOf, valuesOf } from '../parts/series.js';

const TOTALS = 'resource.avg_gpu_util,max_gpu_util,avg_gpu_memory,max_gpu_temperature,avg_gpu_power,gpu_energy,avg_gpu_tensor_active,avg_gpu_dram_active,resource.sample_count';
const HOSTS_SHOWN = 60;

export function Fleet() {
  const window = shownWindow.value, bucket = bucketOf(window), during = parameters(window);
  const total = useBoth(METRICS, metrics(TOTALS, {}), window);
  const trend = useAnswer(METRICS, metrics(TOTALS, { bucket, ...during }));
  const gpus = useAnswer(METRICS, metrics('resource.avg_gpu_util,max_gpu_memory,max_gpu_temperature,resource.sample_count', { by: 'customer,instance,instance_type,gpu_index', limit: 4000, ...during }));
  const hosts = useAnswer(METRICS, metrics('resource.avg_gpu_util,max_gpu_util,max_gpu_memory,max_gpu_temperature,resource.sample_count', { by: 'customer,instance,instance_type', limit: 5000, ...during }));
  const charges = useAnswer(METRICS, metrics('total_cost', { by: 'customer,instance,provider,region,currency', limit: 5000, ...during }));
  const unit = useAnswer('/api/v1/query/idle', { by: 'customer,instance', ...during });

  const currency = mainCurrency(charges.answer, 'total_cost');
  const now = total.now.answer?.rows[0] ?? {}, then = total.then.answer?.rows[0] ?? {};
  const times = trend.answer ? timesOf(trend.answer, bucket) : [];
  const line = (/** @type {string} */ key) => valuesOf(trend.answer?.rows ?? [], key, times);
  const step = times.length > 1 ? times[1] - times[0] : 3600;
  const rows = idleRows(charges.answer, hosts.answer, unit.answer, currency);
  const paid = sum(charges.answer, 'total_cost', currency) ?? 0;
  const idle = unit.answer?.rows.some((row) => row.currency === currency && row.idle_cost !== null)
    ? unit.answer.rows.reduce((all, row) => all + (row.currency === currency ? row.idle_cost ?? 0 : 0), 0) : null;
  const grid = hostsOf(gpus.answer);
  const none = rows.filter((row) => row.avg_gpu_utilization !== null && row.avg_gpu_utilization < 5).length;
  const tile = { answers: [total.now.answer, total.then.answer], isLoading: total.now.isLoading, why: whyNone(total.now.answer, 'resource') };
  const tileOf = (/** @type {string} */ label, /** @type {string} */ key, /** @type {string} */ unitName, rest = {}) =>
    html`<${Tile} label=${label} value=${now[key]} then=${then[key]} unit=${unitName} keys=${[key]} trend=${line(key)} ...${tile} ...${rest} />`;
  const busy = [
    { label: 'busy', values: line('avg_gpu_utilization'), colour: '--series-1' },
    { label: 'busiest GPU', values: line('max_gpu_utilization'), colour: '--series-2', dash: [2, 3] },
    { label: 'tensor cores', values: line('avg_gpu_tensor_active'), colour: '--series-3', dash: [6, 3] },
    { label: 'memory moving data', values: line('avg_gpu_dram_active'), colour: '--series-5', dash: [8, 3, 2, 3] },
  ].filter((each, i) => i < 2 || each.values.some((value) => value !== null));
  return html`
    <h1>GPU fleet</h1>
    <${Sentence} isReady=${total.now.answer && hosts.answer && charges.answer}>
      In ${window.label} <b>${compact(grid.reduce((all, host) => all + host.gpus.length, 0))} GPUs</b> of ${compact(grid.length)} instances were busy <b>${now.avg_gpu_utilization === null || now.avg_gpu_utilization === undefined ? 'for an unmeasured share' : percent(now.avg_gpu_utilization)}</b> of the time; ${idle === null ? 'what their idle time cost is not attributed yet' : html`<b>${money(idle, currency)}</b> of ${money(paid, currency)} was paid while no request ran`}${none > 0 ? html`, and <b>${none}</b> of the instances were used less than 5 % of the time.` : '.'}
    <//>
    <div class="tiles">
      ${tileOf('GPUs busy', 'avg_gpu_utilization', 'percent')}
      ${tileOf('Idle cost', 'idle', 'currency', { value: idle, then: undefined, currency, why: 'not attributed', trend: undefined, keys: ['idle_cost'], answers: [unit.answer], better: 'less', note: paid && idle !== null ? html`<span class="change">${percent((idle / paid) * 100)} of what was paid</span>` : ' ' })}
      ${tileOf('Memory in use', 'avg_gpu_memory_mb', 'MiB')}
      ${tileOf('Hottest GPU', 'max_gpu_temperature', 'degC', { better: 'less' })}
      ${tileOf('Energy', 'gpu_energy_j', 'J')}
    </div>
    <div class="panels">
      <${Panel} name="gpus" title="Every GPU" isWide asked=${gpus} empty="No sample in this window."
        subtitle=${html`Busy in per cent of the time. <span class="gpu idle" aria-hidden="true">0</span> under 5 %, <span class="gpu full" aria-hidden="true">95</span> 90 % and more, <span class="gpu no-value" aria-hidden="true">n/m</span> not measured. ${grid.length > HOSTS_SHOWN && `The ${HOSTS_SHOWN} least busy of ${grid.length} instances.`}`}>
        <${GpuGrid} hosts=${grid.slice(0, HOSTS_SHOWN)} />
      <//>
      <${Panel} name="idle" title="Instances by idle money" isWide asked=${[charges, hosts, unit]} currency=${currency} empty="No charge in this window."
        subtitle="Idle is attributed: paid time without any request. It needs optiinfra attribute." how="Cost: charges of the instance. Busy: mean of its GPUs' samples. Idle: the share of seconds in which no request ran, of its charges.">
        <${DataTable} name="idle" label="Instances by idle money" canFilter rows=${rows} sort=${idle === null ? 'total_cost:desc' : 'idle_cost:desc'} shown=${15} columns=${[
          { key: 'instance_id', title: 'Instance' },
          { key: 'instance_type', title: 'Type' },
          { key: 'region', title: 'Region', text: (/** @type {any} */ row) => `${row.cloud_provider ?? ''} ${row.region ?? ''}` },
          { key: 'customer_id', title: 'Customer', text: (/** @type {any} */ row) => html`<${CustomerLink} id=${row.customer_id} />` },
          { key: 'idle_cost', title: 'Idle', unit: 'currency', bar: '--series-4', why: (/** @type {any} */ row) => (row.is_attributed ? 'price unknown' : 'not attributed') },
          { key: 'unused_cost', title: 'of it unused hours', unit: 'currency', hint: 'Hours without any request; the rest lies between requests', why: (/** @type {any} */ row) => (row.is_attributed ? 'price unknown' : 'not attributed') },
          { key: 'total_cost', title: 'Cost', unit: 'currency', bar: '--series-1', why: () => 'price unknown' },
          { key: 'avg_gpu_utilization', title: 'GPUs busy', unit: 'percent' },
          { key: 'max_gpu_utilization', title: 'At most', unit: 'percent' },
          { key: 'max_gpu_temperature', title: 'Hottest', unit: 'degC' },
        ]} />
      <//>
      <${Panel} name="busy" title="How busy over time" asked=${trend} keys=${['avg_gpu_utilization', 'max_gpu_utilization']} empty="No sample in this window." table=${html`<${SeriesTable} label="How busy over time" times=${times} series=${busy} unit="percent" />`}>
        <${Chart} label="GPUs busy" times=${times} step=${step} series=${busy} unit="percent" />
      <//>
      <${Panel} name="memory" title="Memory in use" subtitle="Mean of the GPUs" asked=${trend} keys=${['avg_gpu_memory_mb', 'max_gpu_temperature']} empty="No sample in this window." table=${html`<${SeriesTable} label="Memory in use" times=${times} series=${[{ label: 'memory in use', values: line('avg_gpu_memory_mb'), colour: '--series-3' }]} unit="MiB" />`}>
        <${Chart} label="Memory in use" times=${times} step=${step} series=${[{ label: 'memory in use', values: line('avg_gpu_memory_mb'), colour: '--series-3' }]} unit="MiB" />
      <//>
    </div>`;
}

/** Instances with their GPUs, the least busy first. @param {any} answer @returns {import('../parts/GpuGrid.js').Host[]} */
function hostsOf(answer) {
  /** @type {Map<string, import('../parts/GpuGrid.js').Host>} */
  const hosts = new Map();
  for (const row of answer?.rows ?? []) {
    const key = `${row.customer_id} ${row.instance_id}`;
    // A host without a GPU has samples, too, but none of a GPU.
    if (row.avg_gpu_utilization === null && row.max_gpu_memory_mb === null) continue;
    const host = hosts.get(key) ?? { instance: row.instance_id, type: row.instance_type, gpus: /** @type {import('../parts/GpuGrid.js').Host['gpus']} */ ([]) };
    host.gpus.push({ index: Number(row.gpu_index), busy: row.avg_gpu_utilization, memory: row.max_gpu_memory_mb, temperature: row.max_gpu_temperature, samples: row.sample_count });
    hosts.set(key, host);
  }
  const busy = (/** @type {import('../parts/GpuGrid.js').Host} */ host) => host.gpus.reduce((all, gpu) => all + (gpu.busy ?? 0), 0) / host.gpus.length;
  for (const host of hosts.values()) host.gpus.sort((a, b) => a.index - b.index);
  return [...hosts.values()].sort((a, b) => busy(a) - busy(b));
}

/** @param {any} row Of the question idle, where it has one. */
const idleOf = (row) => ({ idle_cost: row?.idle_cost ?? null, unused_cost: row?.unused_cost ?? null, is_attributed: row !== undefined });

/** @param {any} charges @param {any} hosts @param {any} unit @param {string} currency @returns {any[]} */
function idleRows(charges, hosts, unit, currency) {
  const keys = ['customer_id', 'instance_id'];
  const used = keyed(hosts?.rows ?? [], ...keys), units = keyed(unit?.rows ?? [], ...keys, 'currency');
  const paid = charged((charges?.rows ?? []).filter((/** @type {any} */ row) => row.instance_id !== ''), currency, ...keys);
  return [...new Set([...paid.keys(), ...used.keys()])].map((key) => ({
    avg_gpu_utilization: null, max_gpu_utilization: null, max_gpu_temperature: null, sample_count: null, total_cost: null,
    ...used.get(key), ...paid.get(key), ...idleOf(units.get(`${key} ${paid.get(key)?.currency}`)),
  }));
}

