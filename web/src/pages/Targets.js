// Which requests met a target, and how fast the error budget burns. The store keeps no objectives, so the targets are
// the reader's, and part of the address.
import { address, choose } from '../address.js';
import { useAnswer } from '../answers.js';
import { compact, percent, plain } from '../format.js';
import { html } from '../html.js';
import { parameters, shownWindow } from '../time.js';
import { DataTable } from '../parts/DataTable.js';
import { CustomerLink, ServiceLink } from '../parts/Names.js';
import { Panel } from '../parts/Panel.js';
import { Sentence } from '../parts/Sentence.js';
import { Tile } from '../parts/Tile.js';

const FIELDS = [
  { name: 'time_to_first_token_ms', title: 'First token within', unit: 'ms' },
  { name: 'inter_token_latency_ms', title: 'Between tokens at most', unit: 'ms' },
  { name: 'latency_ms', title: 'Whole answer within', unit: 'ms' },
];
const SLO = '/api/v1/query/slo', OBJECTIVE = '0.99', LATENCY = '10000';

export function Targets() {
  const given = Object.fromEntries(FIELDS.map(({ name }) => [name, address.value[name]]));
  if (!FIELDS.some(({ name }) => given[name])) given.latency_ms = LATENCY;
  const objective = address.value.objective ?? OBJECTIVE;
  const question = { ...given, objective, ...parameters(shownWindow.value) };
  const total = useAnswer(SLO, question);
  const services = useAnswer(SLO, { ...question, by: 'customer,service' });
  const all = total.answer?.rows[0] ?? null;
  const rows = services.answer?.rows ?? [];
  const misses = rows.filter((row) => row.attainment !== null && row.attainment < Number(objective));
  const share = (/** @type {number | null | undefined} */ value) => (value === null || value === undefined ? value : value * 100);
  const tile = { answers: [total.answer], isLoading: total.isLoading, why: all && all.requests ? 'not measured' : 'no traffic', note: ' ' };
  const shareColumn = (/** @type {string} */ key, /** @type {string} */ title, rest = {}) => ({ key, title, unit: 'percent', value: (/** @type {any} */ row) => share(row[key]), text: (/** @type {any} */ row) => (row[key] === null ? html`<span class="none none-not-measured">not measured</span>` : percent(row[key] * 100, 2)), ...rest });
  return html`
    <h1>Targets</h1>
    <${Sentence} isReady=${total.answer && services.answer}>
      ${all && all.attainment !== null && all.attainment !== undefined ? html`In ${shownWindow.value.label} <b>${percent(all.attainment * 100, 2)}</b> of ${compact(all.good_requests + all.missed_requests)} measured requests met the target, against ${percent(Number(objective) * 100, 1)} wanted; <b>${misses.length}</b> of ${rows.length} services missed it.` : 'No request of this window can be held to this target.'}
    <//>
    <form class="targets panel" onSubmit=${(/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
      choose(Object.fromEntries([...FIELDS.map(({ name }) => name), 'objective'].map((name) => [name, String(form.get(name)) || undefined])));
    }}>
      ${FIELDS.map(({ name, title, unit }) => html`<label key=${name}>${title} <span><input type="number" min="0" step="any" name=${name} value=${given[name] ?? ''} /> ${unit}</span></label>`)}
      <label>Objective <span><input type="number" min="0" max="0.99999" step="any" name="objective" value=${objective} required /> of requests</span></label>
      <button>Apply</button>
    </form>
    <div class="tiles">
      <${Tile} label="Attainment" value=${share(all?.attainment)} unit="percent" keys=${['attainment', 'good_requests', 'missed_requests']} how="Good requests of those that are good or missed. Failed requests are missed; those of clients' own errors are not counted." ...${tile} />
      <${Tile} label="Error budget left" value=${share(all?.error_budget_left)} unit="percent" keys=${['error_budget_left', 'burn_rate']} how="1 - burn rate, of the budget of this window." ...${tile} />
      <${Tile} label="Burn rate" value=${all?.burn_rate} unit="times" keys=${['burn_rate']} how="(1 - attainment) / (1 - objective): at 1 the budget lasts just as long as the window." ...${tile} />
      <${Tile} label="Good requests per second" value=${all?.goodput_requests_per_second} unit="requests/s" keys=${['goodput_requests_per_second']} ...${tile} />
      <${Tile} label="Measured" value=${share(all?.coverage)} unit="percent" keys=${['coverage', 'unmeasured_requests']} how="Requests for which every value that the target needs was measured." ...${tile} />
    </div>
    <div class="panels">
      <${Panel} name="target-services" title="Services" isWide asked=${[services, total]} empty="No request in this window." subtitle="Counted from single requests, for as long as those are kept.">
        <${DataTable} name="targets" label="Services against the target" canFilter rows=${rows} sort="attainment" shown=${30} columns=${[
          { key: 'service_id', title: 'Service', text: (/** @type {any} */ row) => html`<${ServiceLink} customer=${row.customer_id} service=${row.service_id} />` },
          { key: 'customer_id', title: 'Customer', text: (/** @type {any} */ row) => html`<${CustomerLink} id=${row.customer_id} />` },
          { key: 'met', title: 'Target', text: (/** @type {any} */ row) => (row.attainment === null ? html`<span class="quiet">–</span>` : row.attainment >= Number(objective) ? html`<span class="change good">✓ met</span>` : html`<span class="change bad">✗ missed</span>`) },
          shareColumn('attainment', 'Attainment'),
          { key: 'good_requests', title: 'Good', unit: 'requests' }, { key: 'missed_requests', title: 'Missed', unit: 'requests', bar: '--series-4' },
          { key: 'unmeasured_requests', title: 'Not measured', unit: 'requests' },
          shareColumn('error_budget_left', 'Budget left'),
          { key: 'burn_rate', title: 'Burn', unit: 'times', text: (/** @type {any} */ row) => (row.burn_rate === null ? html`<span class="none none-not-measured">not measured</span>` : plain(row.burn_rate)) },
        ]} />
      <//>
    </div>`;
}
