// Any measures by any dimensions, as a chart or a table; for admins also SQL.
import { address, choose } from '../address.js';
import { METRICS, useAnswer } from '../answers.js';
import { catalogue, measureOf } from '../catalogue.js';
import { unitText } from '../format.js';
import { html } from '../html.js';
import { nameOf } from '../names.js';
import { me } from '../session.js';
import { bucketOf, parameters, shownWindow } from '../time.js';
import { Chart } from '../parts/Chart.js';
import { DataTable } from '../parts/DataTable.js';
import { Panel } from '../parts/Panel.js';
import { Sentence } from '../parts/Sentence.js';
import { Sql } from '../parts/Sql.js';
import { seriesBy, timesOf, valuesOf } from '../parts/series.js';
import { SERIES } from '../theme.js';

const list = (/** @type {string | undefined} */ text) => (text ?? '').split(',').filter(Boolean);

export function Explore() {
  const isSql = address.value.view === 'sql' && me.value?.may_sql;
  return html`
    <h1>Explore</h1>
    ${me.value?.may_sql && html`<div class="tabs" role="group" aria-label="How to ask">
      <button type="button" aria-pressed=${!isSql} onClick=${() => choose({ view: undefined })}>Measures</button>
      <button type="button" aria-pressed=${Boolean(isSql)} onClick=${() => choose({ view: 'sql' })}>SQL</button>
    </div>`}
    ${isSql ? html`<${Sql} />` : html`<${Measures} />`}`;
}

function Measures() {
  const chosen = list(address.value.measures), by = list(address.value.by);
  const bucket = address.value.bucket === 'none' ? undefined : address.value.bucket ?? bucketOf(shownWindow.value);
  const asked = useAnswer(METRICS, chosen.length ? { measures: chosen.join(','), by: by.join(','), bucket, where: list(address.value.filter), order: address.value.order, limit: 5000, ...parameters(shownWindow.value) } : null);
  const rows = asked.answer?.rows.length ?? 0;
  return html`
    <${Sentence} isReady=${true}>${!chosen.length ? 'Choose what to measure.' : asked.problem ? 'This question has no answer; below is why.' : asked.answer ? html`<b>${chosen.join(', ')}</b>${by.length ? ` by ${by.join(', ')}` : ''}${bucket ? ` for each ${bucket}` : ''} of ${shownWindow.value.label}: ${rows} rows${asked.answer.has_more ? ', and there are more' : ''}.` : 'Asking …'}<//>
    <div class="explore">
      <${Choices} chosen=${chosen} by=${by} bucket=${bucket} />
      <div class="panels">${chosen.length > 0 && html`
        ${bucket && asked.answer && rows > 0 && html`<${Pictures} answer=${asked.answer} asked=${asked} chosen=${chosen} by=${by} bucket=${bucket} />`}
        <${Panel} name="rows" title="Rows" isWide asked=${asked} empty="No rows in this window.">
          ${asked.answer && html`<${DataTable} name="explore" label="Rows" canFilter rows=${asked.answer.rows} shown=${50} columns=${columnsOf(asked.answer)} />`}
        <//>`}
      </div>
    </div>`;
}

/** One chart for each measure. @param {{answer: import('../answers.js').Answer, asked: any, chosen: string[], by: string[], bucket: string}} properties */
function Pictures({ answer, asked, by, bucket }) {
  const times = timesOf(answer, bucket);
  const step = times.length > 1 ? times[1] - times[0] : 3600;
  // A name stands next to its identifier, which the label replaces by it.
  const dimensions = Object.keys(answer.rows[0]).filter((key) => key !== 'begin' && !(key in answer.units) && !(key.replace(/_name$/, '_id') !== key && key.replace(/_name$/, '_id') in answer.rows[0]));
  const named = answer.rows.map((row) => ({ ...row, series: dimensions.map((key) => row[key] || 'not named').join(', ') }));
  return Object.keys(answer.units).map((key, i) => {
    const series = dimensions.length ? seriesBy(named, 'series', key, times, (name) => name.replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}/g, nameOf), 7).filter((each) => isSum(answer.units[key]) || !/^\d+ others$/.test(each.label))
      : [{ label: measureOf(key)?.heading ?? key, colour: SERIES[i % 7], values: valuesOf(answer.rows, key, times) }];
    return html`<${Panel} key=${key} name=${`explore-${key}`} title=${measureOf(key)?.heading ?? key} asked=${asked} keys=${[key]}>
      <${Chart} label=${key} times=${times} step=${step} series=${series} unit=${answer.units[key]} currency=${answer.rows[0].currency} isStacked=${isSum(answer.units[key])} />
    <//>`;
  });
}

/** Whether numbers of this unit add up, so that bars may stand on each other. @param {string} unit */
const isSum = (unit) => ['currency', 'tokens', 'requests', 'answers', 'rows', 'J'].some((each) => unit === each);

/** @param {import('../answers.js').Answer} answer */
const columnsOf = (answer) => Object.keys(answer.rows[0] ?? {}).map((key) => ({ key, title: `${measureOf(key)?.heading ?? key.replaceAll('_', ' ')}${answer.units[key] && unitText(answer.units[key]) ? `, ${unitText(answer.units[key])}` : ''}`, unit: answer.units[key] }));

/** @param {{chosen: string[], by: string[], bucket: string | undefined}} properties */
function Choices({ chosen, by, bucket }) {
  const families = [...new Set(catalogue.value.measures.map((each) => each.family))];
  const change = (/** @type {string} */ name, /** @type {string[]} */ values) => choose({ [name]: values.join(',') || undefined });
  const toggled = (/** @type {string[]} */ values, /** @type {string} */ one) => (values.includes(one) ? values.filter((each) => each !== one) : [...values, one]);
  const fields = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    choose({ filter: String(form.get('filter')).replace(/\s/g, '') || undefined, order: String(form.get('order')).replace(/\s/g, '') || undefined });
  };
  return html`<div class="choices-panel panel">
    ${families.map((family) => html`<details open=${family === 'cost' || chosen.some((each) => each.startsWith(`${family}.`))}><summary>${family} ${html`<span class="quiet">${chosen.filter((each) => each.startsWith(`${family}.`)).length || ''}</span>`}</summary>
      ${catalogue.value.measures.filter((each) => each.family === family).map((each) => {
        const name = `${family}.${each.name}`;
        return html`<label title=${each.formula}><input type="checkbox" checked=${chosen.includes(name)} onChange=${() => change('measures', toggled(chosen, name))} /> ${each.heading} <span class="quiet">${unitText(each.unit)}</span></label>`;
      })}</details>`)}
    <details open=${by.length > 0}><summary>Split by <span class="quiet">${by.length || ''}</span></summary>
      ${catalogue.value.dimensions.map((each) => html`<label title=${`known by ${each.families.join(', ')}`}><input type="checkbox" checked=${by.includes(each.name)} onChange=${() => change('by', toggled(by, each.name))} /> ${each.name.replaceAll('_', ' ')}</label>`)}</details>
    <label>For each <select value=${bucket ?? 'none'} onChange=${(/** @type {any} */ event) => choose({ bucket: event.target.value })}>
      ${['hour', 'day', 'week'].map((each) => html`<option>${each}</option>`)}<option value="none">whole window</option></select></label>
    <form onSubmit=${fields}>
      <label>Only <input name="filter" value=${address.value.filter ?? ''} placeholder="provider=aws,region=us-east-1" /></label>
      <label>Order <input name="order" value=${address.value.order ?? ''} placeholder="total_cost:desc" /></label>
      <button>Apply</button>
    </form>
  </div>`;
}
