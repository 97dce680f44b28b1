// Which requests are good and what share of them shall be, how fast the error budget burns, and what a month may cost.
import { address, choose, toPage } from '../address.js';
import { useAnswer } from '../answers.js';
import { setRows } from '../changes.js';
import { compact, percent, plain } from '../format.js';
import { html } from '../html.js';
import { mayChange } from '../session.js';
import { bucketOf, parameters, shownWindow } from '../time.js';
import { ChangeForm } from '../parts/ChangeForm.js';
import { Chart } from '../parts/Chart.js';
import { DataTable, SeriesTable } from '../parts/DataTable.js';
import { BudgetState } from '../parts/Month.js';
import { CustomerLink, ScopeName, ServiceLink } from '../parts/Names.js';
import { Panel } from '../parts/Panel.js';
import { Remove } from '../parts/Remove.js';
import { Sentence } from '../parts/Sentence.js';
import { Tile } from '../parts/Tile.js';
import { timesOf, valuesOf } from '../parts/series.js';
import { ObjectiveState, TARGETS, isKept, shareColumn, shareOf, shareText, targetsText, whyNot } from './objectiveRows.js';

const SLO = '/api/v1/query/slo', OBJECTIVE = '0.99', LATENCY = '10000';
const SCOPES = /** @type {[string, string][]} */ ([['', 'all requests'], ...['customer', 'service', 'model', 'instance'].map((each) => [each, `one ${each}`])]);
const BUDGET_SCOPES = /** @type {[string, string][]} */ ([['', 'everything'], ...['customer', 'service', 'model', 'instance', 'provider', 'region'].map((each) => [each, `one ${each}`])]);

export function Objectives() {
  const window = shownWindow.value, during = parameters(window);
  const listed = useAnswer('/api/v1/objectives', {});
  const answered = useAnswer(SLO, during);
  const budgets = useAnswer('/api/v1/query/budgets', {});
  const kept = withAnswers(listed.answer?.rows ?? [], answered.answer, window);
  const known = kept.filter((row) => row.attainment !== null), missed = known.filter((row) => row.attainment < row.share);
  const states = (budgets.answer?.rows ?? []).map((row) => row.state);
  const passed = states.filter((state) => state === 'passed' || state === 'will_pass').length, unknown = states.filter((state) => state === 'unknown').length;
  const shown = shownObjective(kept);
  const objectivesText = !kept.length ? 'No objective is set: which requests are good, and what share of them shall be'
    : !known.length ? (isKept(answered.answer, window) ? `In ${window.label} no request was measured against an objective` : `Whether objectives were met in ${window.label} is not known, single requests are no longer kept`)
    : html`In ${window.label} <b>${missed.length} of ${known.length}</b> ${known.length === kept.length ? '' : 'measured '}objectives ${missed.length === 1 ? 'was' : 'were'} missed${missed[0] ? html`: <b>${missed[0].objective}</b> burns its error budget ${plain(missed[0].burn_rate)} times as fast as it may` : ''}`;
  const budgetsText = !states.length ? '.'
    : unknown === states.length ? '; whether the budgets will hold is not known.'
    : html`; <b>${passed} of ${states.length - unknown}</b> budgets will not hold until the end of the month${unknown ? html`, of <b>${unknown}</b> more it is not known` : ''}.`;
  return html`
    <h1>Objectives</h1>
    <${Sentence} isReady=${listed.answer && answered.answer && budgets.answer}>
      ${objectivesText}${budgetsText}
    <//>
    <div class="panels">
      <${Panel} name="objectives" title="Objectives" isWide asked=${[listed, answered]} empty="No objective is set."
        subtitle=${`Attainment in ${window.label}, counted from single requests; burn rates of the hours before its end. At 1 the error budget lasts just as long as its period.`}>
        <${DataTable} name="objectives" label="Objectives" rows=${kept} rowKey="objective" sort="error_budget_left" columns=${[
          { key: 'objective', title: 'Objective', text: (/** @type {any} */ row) => html`<a href=${toPage('objectives', { objective_name: row.objective })} aria-current=${row.objective === shown.name ? 'true' : undefined}>${row.objective}</a>` },
          { key: 'scope', title: 'For', text: (/** @type {any} */ row) => html`<${ScopeName} scope=${row.scope} id=${row.scope_id} />` },
          { key: 'targets', title: 'A good request', text: (/** @type {any} */ row) => html`${targetsText(row)}<br /><span class="quiet">${shareText(row.share)} of them, over ${row.period_days} days</span>` },
          { key: 'state', title: 'State', text: (/** @type {any} */ row) => html`<${ObjectiveState} row=${row} />` },
          shareColumn('attainment', 'Attainment'),
          shareColumn('error_budget_left', 'Budget left', { hint: 'The error budget of this window' }),
          shareColumn('period_error_budget_left', 'Of period', { hint: 'The error budget of the days that the objective names; known while their requests are kept' }),
          ...['1h', '6h', '3d'].map((each) => ({ key: `burn_rate_${each}`, title: `Burn ${each}`, unit: 'times', why: (/** @type {any} */ row) => whyNot(row) || 'no traffic' })),
          ...(mayChange.value ? [{ key: 'remove', title: 'Change', isAction: true, text: (/** @type {any} */ row) => html`<${Remove} list="objectives" named=${{ objective: row.objective }} title=${row.objective} />` }] : []),
        ]} />
      <//>
      <${Panel} name="budgets" title="Budgets of this month" isWide asked=${budgets} empty="No budget is set."
        subtitle="Calendar month in UTC, attributed hours; where the month ends is a forecast">
        <${DataTable} name="budgets" label="Budgets of this month" rows=${budgets.answer?.rows ?? []} rowKey="budget" sort="used_percent:desc" columns=${[
          { key: 'budget', title: 'Budget' },
          { key: 'scope', title: 'For', text: (/** @type {any} */ row) => html`<${ScopeName} scope=${row.scope} id=${row.scope_id} all="everything" />` },
          { key: 'state', title: 'State', text: (/** @type {any} */ row) => html`<${BudgetState} row=${row} />` },
          { key: 'amount', title: 'Amount', unit: 'currency' },
          { key: 'cost_so_far', title: 'So far', unit: 'currency', why: () => 'not attributed' },
          { key: 'used_percent', title: 'Used', unit: 'percent', bar: '--series-1', why: () => 'not attributed' },
          { key: 'threshold_passed', title: 'Threshold passed', unit: 'percent', text: (/** @type {any} */ row) => (row.threshold_passed === null ? 'none' : percent(row.threshold_passed)) },
          { key: 'month_end_cost', title: 'Month end', unit: 'currency', why: () => 'not attributed' },
          { key: 'month_end_cost_p90', title: 'p90', unit: 'currency', hint: 'In nine of ten cases the month costs less', why: () => 'too early' },
          ...(mayChange.value ? [{ key: 'remove', title: 'Change', isAction: true, text: (/** @type {any} */ row) => html`<${Remove} list="budgets" named=${{ budget: row.budget }} title=${row.budget} />` }] : []),
        ]} />
      <//>
    </div>
    <${OneObjective} shown=${shown} />
    ${mayChange.value && html`<${Setting} />`}`;
}

const Setting = () => html`<div class="panels">
    <section class="panel" aria-labelledby="title-set-objective"><header><h2 id="title-set-objective">Set an objective</h2></header>
        <p class="panel-subtitle">A request is good that ended well and within every target that is given. The same name again changes an objective.</p>
        <${ChangeForm} label="Set an objective" button="Set" onSubmit=${(/** @type {any} */ fields) => setRows('objectives', fields)} fields=${[
          { name: 'objective', title: 'Name', required: true },
          { name: 'scope', title: 'For', options: SCOPES }, { name: 'scope_id', title: 'whose name or id is' },
          ...TARGETS.map(({ name, title, unit }) => ({ name, title, unit, type: 'number', min: '0' })),
          { name: 'share', title: 'Share of good requests', type: 'number', min: '0', max: '0.99999', value: 0.99, required: true }, { name: 'period_days', title: 'Period', type: 'number', unit: 'days', min: '1', value: 30 },
        ]} /></section>
      <section class="panel" aria-labelledby="title-set-budget"><header><h2 id="title-set-budget">Set a budget</h2></header>
        <p class="panel-subtitle">What a calendar month may cost. The same name again changes a budget.</p>
        <${ChangeForm} label="Set a budget" button="Set" onSubmit=${(/** @type {any} */ fields) => setRows('budgets', fields)} fields=${[
          { name: 'budget', title: 'Name', required: true }, { name: 'amount', title: 'Amount', type: 'number', min: '0', required: true }, { name: 'currency', title: 'Currency', value: 'USD' },
          { name: 'scope', title: 'For', options: BUDGET_SCOPES }, { name: 'scope_id', title: 'whose name or id is' },
          { name: 'thresholds', title: 'Thresholds in per cent', value: '50,80,100' },
        ]} /></section>
  </div>`;

/** @typedef {{name: string, isTried: boolean, question: Record<string, string>, targets: Record<string, any>, share: number}} Shown targets: in ms, by name. */

/** The objective that the reader chose, the targets that the reader tries, or the first objective. @param {any[]} kept @returns {Shown} */
function shownObjective(kept) {
  const tried = Object.fromEntries(TARGETS.filter(({ name }) => address.value[name]).map(({ name }) => [name, String(address.value[name])]));
  const chosen = kept.find((row) => row.objective === address.value.objective_name) ?? kept[0];
  // A share alone is tried, too: every request that ended well is good.
  const isTried = Object.keys(tried).length > 0 || Boolean(address.value.objective);
  if (isTried || !chosen) {
    const objective = address.value.objective ?? OBJECTIVE, targets = isTried ? tried : { latency_ms: LATENCY };
    return { name: '', isTried: true, question: { ...targets, objective }, targets, share: Number(objective) };
  }
  return { name: chosen.objective, isTried: false, question: { objective_name: chosen.objective }, targets: chosen, share: chosen.share };
}

/** @param {{shown: Shown}} properties */
function OneObjective({ shown }) {
  const { question, share } = shown;
  const window = shownWindow.value, bucket = bucketOf(window), during = parameters(window);
  const total = useAnswer(SLO, { ...question, ...during });
  const trend = useAnswer(SLO, { ...question, bucket, ...during });
  const services = useAnswer(SLO, { ...question, by: 'customer,service', ...during });
  const all = total.answer?.rows[0] ?? null, rows = services.answer?.rows ?? [];
  const misses = rows.filter((row) => row.attainment !== null && row.attainment < share);
  const times = trend.answer ? timesOf(trend.answer, bucket) : [];
  const step = times.length > 1 ? times[1] - times[0] : 3600;
  const attained = valuesOf(trend.answer?.rows ?? [], 'attainment', times);
  const series = [
    { label: 'missed', values: attained.map((each) => (each === null ? null : (1 - each) * 100)), colour: '--series-4' },
    { label: `allowed: ${shareText(1 - share, share)}`, values: times.map(() => (1 - share) * 100), colour: '--quiet', dash: [5, 4] },
  ];
  const why = all && all.requests ? 'not measured' : isKept(total.answer, window) ? 'no traffic' : 'not kept';
  const tile = { answers: [total.answer], isLoading: total.isLoading, why, note: ' ' };
  const title = shown.isTried ? 'A target, tried' : `Objective ${shown.name}`;
  return html`<section class="one-objective" aria-labelledby="title-one-objective">
    <h2 id="title-one-objective">${title}</h2>
    <p class="quiet">${all && all.attainment !== null ? html`In ${window.label} <b>${shareText(all.attainment, share, 2)}</b> of ${compact(all.good_requests + all.missed_requests)} measured requests met it, against ${shareText(share)} wanted; <b>${misses.length}</b> of ${rows.length} services missed it.` : why === 'not kept' ? 'Whether it was met is not known, single requests of this window are no longer kept.' : 'No request of this window can be held to it.'}</p>
    <form class="targets panel" aria-label="Try a target" onSubmit=${(/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
      choose({ ...Object.fromEntries([...TARGETS.map(({ name }) => name), 'objective'].map((name) => [name, String(form.get(name)) || undefined])), objective_name: undefined });
    }}>
      ${TARGETS.map(({ name, title: name_, unit }) => html`<label key=${name}>${name_} <span><input type="number" min="0" step="any" name=${name} value=${shown.targets[name] ?? ''} /> ${unit}</span></label>`)}
      <label>Share of good requests <span><input type="number" min="0" max="0.99999" step="any" name="objective" value=${question.objective ?? share} required /></span></label>
      <button>Try</button>
    </form>
    <div class="tiles">
      <${Tile} label="Attainment" value=${shareOf(all?.attainment)} text=${all && all.attainment !== null ? shareText(all.attainment, share, 2) : undefined} unit="percent" keys=${['attainment', 'good_requests', 'missed_requests']} how="Good requests of those that are good or missed. Failed requests are missed; those of clients' own errors are not counted." ...${tile} />
      <${Tile} label="Error budget left" value=${shareOf(all?.error_budget_left)} unit="percent" keys=${['error_budget_left', 'burn_rate']} how="1 - burn rate, of the budget of this window." ...${tile} />
      <${Tile} label="Burn rate" value=${all?.burn_rate} unit="times" keys=${['burn_rate']} how="(1 - attainment) / (1 - objective): at 1 the budget lasts just as long as the window." ...${tile} />
      <${Tile} label="Good requests per second" value=${all?.goodput_requests_per_second} unit="requests/s" keys=${['goodput_requests_per_second']} ...${tile} />
      <${Tile} label="Measured" value=${shareOf(all?.coverage)} unit="percent" keys=${['coverage', 'unmeasured_requests']} how="Requests for which every value that the target needs was measured." ...${tile} />
    </div>
    <div class="panels">
      <${Panel} name="objective-trend" title="Missed requests" subtitle="Share of the measured requests; the dashed line is what the objective allows" isWide asked=${trend} keys=${['attainment', 'missed_requests']} empty="No request in this window." table=${html`<${SeriesTable} label="Missed requests" times=${times} series=${series} unit="percent" />`}>
        <${Chart} label="Share of missed requests" times=${times} step=${step} series=${series} unit="percent" height=${180} />
      <//>
      <${Panel} name="target-services" title="Services" isWide asked=${[services, total]} empty="No request in this window." subtitle="Counted from single requests, for as long as those are kept.">
        <${DataTable} name="targets" label="Services against the target" canFilter rows=${rows} sort="attainment" shown=${30} columns=${[
          { key: 'service_id', title: 'Service', text: (/** @type {any} */ row) => html`<${ServiceLink} customer=${row.customer_id} service=${row.service_id} />` },
          { key: 'customer_id', title: 'Customer', text: (/** @type {any} */ row) => html`<${CustomerLink} id=${row.customer_id} />` },
          { key: 'met', title: 'Target', text: (/** @type {any} */ row) => (row.attainment === null ? html`<span class="quiet">–</span>` : row.attainment >= share ? html`<span class="change good">✓ met</span>` : html`<span class="change bad">✗ missed</span>`) },
          shareColumn('attainment', 'Attainment'),
          { key: 'good_requests', title: 'Good', unit: 'requests' }, { key: 'missed_requests', title: 'Missed', unit: 'requests', bar: '--series-4' },
          { key: 'unmeasured_requests', title: 'Not measured', unit: 'requests' },
          shareColumn('error_budget_left', 'Budget left'),
          { key: 'burn_rate', title: 'Burn', unit: 'times' },
        ]} />
      <//>
    </div>
  </section>`;
}

/** The objectives that are set, with what the window says of each. @param {any[]} listed @param {import('../answers.js').Answer | null} answer @param {import('../time.js').Window} window @returns {any[]} */
function withAnswers(listed, answer, window) {
  const found = new Map((answer?.rows ?? []).map((row) => [row.objective_name, row]));
  const none = { attainment: null, error_budget_left: null, burn_rate: null, burn_rate_1h: null, burn_rate_6h: null, burn_rate_3d: null, period_error_budget_left: null };
  return listed.map((row) => ({ ...none, ...(found.get(row.objective) ?? { isKept: isKept(answer, window) }), ...row }));
}
