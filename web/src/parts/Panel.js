// A part of a page with a heading: a chart or a table of an answer, with the same numbers as a table, as CSV, and
// where they come from.
import { choose, address } from '../address.js';
import { csvUrl } from '../ask.js';
import { html } from '../html.js';
import { download } from './download.js';
import { explained } from './How.js';

/**
 * @typedef {import('../answers.js').Asked} Asked
 * @param {{name: string, title: string, subtitle?: any, asked: Asked | Asked[], table?: any, how?: string, keys?: string[],
 *   empty?: string, isWide?: boolean, currency?: string, children?: any}} properties
 *   table: the chart's numbers as a table; absent where the panel is a table.
 */
export function Panel({ name, title, subtitle, asked, table, how, keys, empty, isWide, currency, children }) {
  const all = Array.isArray(asked) ? asked : [asked];
  const answers = all.map((each) => each.answer);
  const first = answers.find((each) => each !== null);
  const problem = all.find((each) => each.problem)?.problem;
  const tables = (address.value.tables ?? '').split(',').filter(Boolean);
  const isTable = table !== undefined && tables.includes(name);
  const toggle = () => choose({ tables: (isTable ? tables.filter((each) => each !== name) : [...tables, name]).join(',') }, true);
  const isEmpty = first && first.rows.length === 0;
  return html`<section class="panel ${isWide ? 'panel-wide' : ''}" id=${`panel-${name}`} aria-labelledby=${`title-${name}`} aria-busy=${all.some((each) => each.isLoading)}>
    <header>
      <h2 id=${`title-${name}`}>${title}</h2>
      <div class="panel-actions">
        ${table !== undefined && html`<button type="button" class="plain" aria-pressed=${isTable} onClick=${toggle}>${isTable ? 'Chart' : 'Table'}<span class="hidden"> of ${title}</span></button>`}
        ${first && html`<a class="plain" href=${csvUrl(first)} download=${`${name}.csv`} onClick=${download}>CSV<span class="hidden"> of ${title}</span></a>`}
        ${first && html`<button type="button" class="plain" aria-haspopup="dialog" onClick=${() => (explained.value = { title, note: how, answers, keys, currency })}>How<span class="hidden"> ${title} is computed</span></button>`}
      </div>
    </header>
    ${subtitle && html`<p class="panel-subtitle">${subtitle}</p>`}
    ${problem && html`<p class="problem" role="alert">${problem.message}</p>`}
    ${!first ? !problem && html`<div class="skeleton panel-skeleton"></div>`
      : isEmpty && empty !== undefined ? html`<p class="nothing">${first.reason || empty}</p>`
      : isTable ? table : children}
  </section>`;
}
