// How good the answers are, of what share of them, and what a good one costs.
import { METRICS, UNIT_COST, metrics, useAnswer, useBoth } from '../answers.js';
import { compact, percent, withUnit } from '../format.js';
import { html } from '../html.js';
import { bucketOf, parameters, shownWindow } from '../time.js';
import { keyed } from './joins.js';
import { Chart } from '../parts/Chart.js';
import { DataTable, SeriesTable } from '../parts/DataTable.js';
import { CustomerLink, ModelName, ServiceLink, shortModel } from '../parts/Names.js';
import { Panel } from '../parts/Panel.js';
import { Sentence } from '../parts/Sentence.js';
import { Tile } from '../parts/Tile.js';
import { seriesBy, timesOf, valuesOf } from '../parts/series.js';

const SCORES = 'avg_quality,avg_relevance,avg_coherence,avg_factuality,avg_toxicity,hallucination_count,quality.request_count';
const GOOD_SCORE = 0.8;

export function Quality() {
  const window = shownWindow.value, bucket = bucketOf(window), during = parameters(window);
  const total = useBoth(METRICS, metrics(SCORES, {}), window);
  const asked = useAnswer(METRICS, metrics('performance.request_count', during));
  const trend = useAnswer(METRICS, metrics(SCORES, { bucket, ...during }));
  const byModel = useAnswer(METRICS, metrics('avg_quality,quality.request_count', { by: 'model', bucket, ...during }));
  const services = useBoth(METRICS, metrics(SCORES, { by: 'customer,service,model', limit: 2000 }), window);
  const unit = useAnswer(UNIT_COST, { by: 'customer,service', good_score: GOOD_SCORE, ...during });

  const now = total.now.answer?.rows[0] ?? {}, then = total.then.answer?.rows[0] ?? {};
  const times = trend.answer ? timesOf(trend.answer, bucket) : [];
  const line = (/** @type {string} */ key) => valuesOf(trend.answer?.rows ?? [], key, times);
  const step = times.length > 1 ? times[1] - times[0] : 3600;
  const before = keyed(services.then.answer?.rows ?? [], 'service_id', 'model_name'), units = keyed(unit.answer?.rows ?? [], 'service_id');
  const rows = (services.now.answer?.rows ?? []).map((row) => /** @type {import('../answers.js').Row} */ ({
    ...row, was: before.get(`${row.service_id} ${row.model_name}`)?.avg_quality ?? null,
    drift: difference(row.avg_quality, before.get(`${row.service_id} ${row.model_name}`)?.avg_quality),
    hallucinated: row.total_requests ? (row.hallucinations / row.total_requests) * 100 : null,
    cost_per_good_answer: units.get(row.service_id)?.cost_per_good_answer ?? null, currency: units.get(row.service_id)?.currency ?? '', is_attributed: units.has(row.service_id),
  }));
  const worst = [...rows].filter((row) => row.total_requests >= 20).sort((a, b) => a.avg_quality - b.avg_quality)[0];
  const requests = asked.answer?.rows[0]?.total_requests ?? 0;
  const tile = { answers: [total.now.answer, total.then.answer], isLoading: total.now.isLoading, why: 'not measured' };
  const tileOf = (/** @type {string} */ label, /** @type {string} */ key, /** @type {string} */ unitName, rest = {}) =>
    html`<${Tile} label=${label} value=${now[key]} then=${then[key]} unit=${unitName} better="more" keys=${[key]} trend=${line(key)} ...${tile} ...${rest} />`;
  const scores = [['relevance', 'avg_relevance', '--series-1'], ['coherence', 'avg_coherence', '--series-2'], ['factuality', 'avg_factuality', '--series-3'], ['toxicity', 'avg_toxicity', '--series-4']]
    .map(([label, key, colour], i) => ({ label, values: line(key), colour, dash: [[], [6, 3], [2, 3], [8, 3, 2, 3]][i] }));
  const modelTimes = byModel.answer ? timesOf(byModel.answer, bucket) : [];
  const models = seriesBy(byModel.answer?.rows ?? [], 'model_name', 'avg_quality', modelTimes, (name) => shortModel(name) || 'not named', 6)
    .filter((each) => !/^\d+ others$/.test(each.label)).map((each, i) => ({ ...each, dash: [[], [6, 3], [2, 3], [8, 3, 2, 3], [1, 2], [10, 4], [4, 4]][i] }));
  return html`
    <h1>Quality</h1>
    <${Sentence} isReady=${total.now.answer && asked.answer && services.now.answer}>
      ${now.total_requests ? html`In ${window.label} the mean score was <b>${withUnit(now.avg_quality, '0-1')}</b> over <b>${compact(now.total_requests)} scored answers</b>${requests ? html`, ${percent((now.total_requests / requests) * 100)} of all requests` : ''}; <b>${percent((now.hallucinations / now.total_requests) * 100)}</b> of them stated what is not so${worst ? html`, and <${ServiceLink} customer=${worst.customer_id} service=${worst.service_id} /> with <${ModelName} name=${worst.model_name} /> scored lowest, <b>${withUnit(worst.avg_quality, '0-1')}</b>.` : '.'}` : html`In ${window.label} no answer was scored.`}
    <//>
    <div class="tiles">
      ${tileOf('Overall score', 'avg_quality', '0-1')}
      ${tileOf('Scored answers', 'total_requests', 'answers', { better: undefined })}
      ${tileOf('Coverage', 'coverage', 'percent', { value: requests ? (now.total_requests / requests) * 100 : null, then: undefined, trend: undefined, note: ' ', answers: [total.now.answer, asked.answer], keys: ['total_requests'], why: 'no traffic', how: 'Scored answers of all requests in the window.' })}
      ${tileOf('Hallucinations', 'hallucinations', 'percent', { value: now.total_requests ? (now.hallucinations / now.total_requests) * 100 : null, then: then.total_requests ? (then.hallucinations / then.total_requests) * 100 : null, better: 'less', keys: ['hallucinations', 'total_requests'] })}
      ${tileOf('Factuality', 'avg_factuality', '0-1')}
    </div>
    <div class="panels">
      <${Panel} name="quality-models" title="Score by model" asked=${byModel} empty="No answer was scored in this window." table=${html`<${SeriesTable} label="Score by model" times=${modelTimes} series=${models} unit="0-1" />`}>
        <${Chart} label="Score by model" times=${modelTimes} step=${step} series=${models} unit="0-1" />
      <//>
      <${Panel} name="quality-parts" title="What the score is made of" asked=${trend} empty="No answer was scored in this window." table=${html`<${SeriesTable} label="Parts of the score" times=${times} series=${scores} unit="0-1" />`}>
        <${Chart} label="Parts of the score" times=${times} step=${step} series=${scores} unit="0-1" />
      <//>
      <${Panel} name="quality-services" title="Services" isWide asked=${[services.now, services.then, unit]} empty="No answer was scored in this window."
        subtitle=${`A good answer scores ${withUnit(GOOD_SCORE, '0-1')} or more; drift is the score less that of the period before.`}>
        <${DataTable} name="quality" label="Quality of services" canFilter rows=${rows} sort="avg_quality" shown=${20} columns=${[
          { key: 'service_id', title: 'Service', text: (/** @type {any} */ row) => html`<${ServiceLink} customer=${row.customer_id} service=${row.service_id} />` },
          { key: 'customer_id', title: 'Customer', text: (/** @type {any} */ row) => html`<${CustomerLink} id=${row.customer_id} />` },
          { key: 'model_name', title: 'Model', text: (/** @type {any} */ row) => html`<${ModelName} name=${row.model_name} />` },
          { key: 'avg_quality', title: 'Score', unit: '0-1', bar: '--series-1' },
          { key: 'drift', title: 'Drift', unit: '0-1', why: () => 'not measured', hint: 'The score less that of the period before' },
          { key: 'total_requests', title: 'Scored', unit: 'answers' },
          { key: 'hallucinated', title: 'Hallucinations', unit: 'percent', bar: '--series-4' },
          { key: 'avg_factuality', title: 'Factuality', unit: '0-1' },
          { key: 'avg_toxicity', title: 'Toxicity', unit: '0-1' },
          { key: 'cost_per_good_answer', title: 'Good answer', unit: 'currency', hint: 'What a good answer cost', why: (/** @type {any} */ row) => (row.is_attributed ? 'price unknown' : 'not attributed') },
        ]} />
      <//>
    </div>`;
}

/** @param {number | null | undefined} now @param {number | null | undefined} then */
const difference = (now, then) => (now === null || now === undefined || then === null || then === undefined ? null : now - then);
