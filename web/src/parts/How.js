// Where numbers come from: window, coverage, formula and query. One dialog for the whole page.
import { csvUrl } from '../ask.js';
import { measureOf } from '../catalogue.js';
import { plain, timeText, unitText, windowText, withUnit } from '../format.js';
import { html, signal, useEffect, useRef } from '../html.js';
import { lengthText } from '../time.js';
import { download } from './download.js';

/** @typedef {{title: string, note?: string, answers: (import('../answers.js').Answer | null)[], keys?: string[], currency?: string}} Explained */

/** What the dialog explains; null while it is closed. */
export const explained = signal(/** @type {Explained | null} */ (null));

export function How() {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const shown = explained.value;
  useEffect(() => {
    if (shown && !dialog.current?.open) dialog.current?.showModal();
  }, [shown]);
  if (!shown) return null;
  const answers = shown.answers.filter((each) => each !== null);
  return html`<dialog ref=${dialog} class="how" aria-labelledby="how-title" onClose=${() => (explained.value = null)}
    onClick=${(/** @type {MouseEvent} */ event) => event.target === dialog.current && dialog.current?.close()}>
    <div class="how-body">
      <header>
        <h2 id="how-title">${shown.title}</h2>
        <button type="button" class="plain" autofocus onClick=${() => dialog.current?.close()}>Close</button>
      </header>
      ${shown.note && html`<p>${shown.note}</p>`}
      ${answers.map((answer) => html`<${Asked} answer=${answer} keys=${shown.keys} currency=${shown.currency} />`)}
    </div>
  </dialog>`;
}

/** @param {{answer: import('../answers.js').Answer, keys?: string[], currency?: string}} properties */
function Asked({ answer, keys, currency }) {
  const shown = Object.keys(answer.units).filter((key) => !keys || keys.includes(key));
  const single = answer.rows.length === 1 ? answer.rows[0] : null;
  const coverage = Object.entries(answer.coverage).map(([family, { rows }]) => `${plain(rows)} ${family} rows`);
  return html`<section>
    <dl>
      ${answer.window && html`<dt>Window</dt><dd>${windowText(answer.window)}, ${lengthText(Date.parse(answer.window.end) - Date.parse(answer.window.begin))}</dd>`}
      <dt>Coverage</dt><dd>${coverage.join(', ') || answer.reason || coverageOf(answer)}</dd>
      <dt>Answered</dt><dd>${timeText(answer.at, { timeStyle: 'medium' })}${answer.storeMs !== null && `, in ${plain(answer.storeMs)} ms`}</dd>
    </dl>
    ${shown.length > 0 && html`<table class="formulas">
      <thead><tr><th scope="col">Number</th>${single && html`<th scope="col" class="number">Value</th>`}<th scope="col">Unit</th><th scope="col">Computed from raw rows by</th></tr></thead>
      <tbody>${shown.map((key) => html`<${Formula} key=${key} name=${key} unit=${answer.units[key]} value=${single?.[key]} hasValue=${single !== null} currency=${currency ?? single?.currency} />`)}</tbody>
    </table>`}
    <p class="query"><code>GET ${decodeURIComponent(answer.url)}</code></p>
    <p class="actions">
      <${Copy} text=${`curl -s '${location.origin}${answer.url}'`} label="Copy as curl" />
      <a href=${csvUrl(answer)} download="answer.csv" onClick=${download}>CSV</a>
      ${answer.url.startsWith('/api/v1/query/metrics') && html`<a href=${exploreUrl(answer)}>Open in Explore</a>`}
    </p>
  </section>`;
}

/** @param {{name: string, unit: string, value: any, hasValue: boolean, currency?: string}} properties */
function Formula({ name, unit, value, hasValue, currency }) {
  const measure = measureOf(name);
  return html`<tr>
    <th scope="row">${measure?.heading ?? name.replaceAll('_', ' ')}</th>
    ${hasValue && html`<td class="number">${value === null || value === undefined ? 'not measured' : withUnit(value, unit, currency)}</td>`}
    <td>${unit.startsWith('currency') ? currency || 'currency' : unitText(unit)}</td>
    <td>${measure ? html`<code>${measure.formula.replace('State', '')}</code>` : html`<span class="quiet">unit economics: docs/unit-economics.md</span>`}</td>
  </tr>`;
}

/** @param {import('../answers.js').Answer} answer */
function coverageOf(answer) {
  const shares = answer.rows.filter((row) => typeof row.coverage === 'number');
  if (!shares.length) return 'not stated';
  const row = shares[0];
  return shares.length === 1 ? `${plain(row.coverage * 100)} % of requests have a price; ${row.allocation_method ?? ''}` : `${shares.length} rows, each with its own coverage`;
}

/** @param {import('../answers.js').Answer} answer */
function exploreUrl(answer) {
  const asked = new URL(answer.url, location.origin).searchParams;
  asked.delete('limit');
  return `/?page=explore&${asked}`;
}

/** @param {{text: string, label: string}} properties */
export function Copy({ text, label }) {
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    if (button.current) button.current.textContent = 'Copied';
    setTimeout(() => button.current && (button.current.textContent = label), 1500);
  };
  return html`<button type="button" class="plain" ref=${button} onClick=${copy}>${label}</button>`;
}
