// Rows as a table: sorted by a click on a heading, filtered by text, and no longer than a reader wants it.
import { address, choose } from '../address.js';
import { html, useState } from '../html.js';
import { Value } from './Value.js';

/**
 * @typedef {import('../answers.js').Row} Row
 * @typedef {{key: string, title: string, unit?: string, text?: (row: Row) => any, value?: (row: Row) => any, why?: (row: Row) => string,
 *   bar?: string, hint?: string, currency?: (row: Row) => string, isAction?: boolean}} Column
 *   unit: a number's unit; without it the column is text. bar: a colour; the cell then shows its share of the largest. isAction: no value
 *   that rows could be sorted by, but what is done with a row.
 * @param {{name: string, label: string, columns: Column[], rows: Row[], rowKey?: string, sort?: string, shown?: number, canFilter?: boolean}} properties
 *   sort: "key" or "key:desc", unless the reader chose. rowKey: the key whose value tells rows apart, for rows that remember something, such
 *   as that a removal was asked for; without it the next row inherits that of one that goes.
 */
export function DataTable({ name, label, columns, rows, rowKey = '', sort = '', shown = 12, canFilter = false }) {
  const [isWhole, setIsWhole] = useState(false);
  const [filter, setFilter] = useState('');
  const chosen = sortsOf(address.value.sort)[name] ?? sort;
  const [key, direction] = chosen.split(':');
  const valueOf = (/** @type {Column} */ column, /** @type {Row} */ row) => (column.value ? column.value(row) : row[column.key]);
  const sorted = sortedBy(rows, columns.find((each) => each.key === key), direction === 'desc', valueOf);
  const wanted = filter ? sorted.filter((row) => textOf(row).includes(filter.toLowerCase())) : sorted;
  const visible = isWhole ? wanted : wanted.slice(0, shown);
  const largest = new Map(columns.filter((each) => each.bar).map((column) => [column.key, Math.max(0, ...rows.map((row) => valueOf(column, row) ?? 0))]));
  const sortBy = (/** @type {Column} */ column) =>
    choose({ sort: sortText({ ...sortsOf(address.value.sort), [name]: column.key + ((key === column.key ? direction !== 'desc' : column.unit) ? ':desc' : '') }) }, true);
  return html`
    ${canFilter && rows.length > shown && html`<label class="filter">Filter <input type="search" value=${filter} onInput=${(/** @type {any} */ event) => setFilter(event.target.value)} /></label>`}
    <div class="table-scroll" tabindex="0" role="region" aria-label=${`${label}, table`}>
    <table class="data">
      <caption class="hidden">${label}</caption>
      <thead><tr>${columns.map((column) => html`<th scope="col" class=${column.unit ? 'number' : ''} aria-sort=${key === column.key ? (direction === 'desc' ? 'descending' : 'ascending') : undefined}>
        ${column.isAction ? column.title : html`<button type="button" class="heading" title=${column.hint} onClick=${() => sortBy(column)}>${column.title}<span aria-hidden="true">${key === column.key ? (direction === 'desc' ? ' ↓' : ' ↑') : ''}</span></button>`}</th>`)}</tr></thead>
      <tbody>${visible.map((row) => html`<tr key=${rowKey ? row[rowKey] : undefined}>${columns.map((column, i) => html`<${Cell} column=${column} row=${row} value=${valueOf(column, row)} largest=${largest.get(column.key)} isFirst=${i === 0} />`)}</tr>`)}</tbody>
    </table></div>
    ${wanted.length > shown && html`<button type="button" class="plain" onClick=${() => setIsWhole(!isWhole)}>${isWhole ? 'Show fewer' : `Show all ${wanted.length}`}</button>`}`;
}

/** @param {{column: Column, row: Row, value: any, largest?: number, isFirst: boolean}} properties */
function Cell({ column, row, value, largest, isFirst }) {
  if (!column.unit) {
    const content = column.text ? column.text(row) : value === '' || value === null || value === undefined ? html`<span class="quiet">not named</span>` : value;
    return isFirst ? html`<th scope="row">${content}</th>` : html`<td>${content}</td>`;
  }
  const share = column.bar && largest && value > 0 ? (value / largest) * 100 : 0;
  return html`<td class="number">
    ${column.bar && value !== null && value !== undefined && html`<span class="cell-bar" aria-hidden="true"><i style=${{ width: `${share}%`, background: `var(${column.bar})` }}></i></span>`}
    ${column.text ? column.text(row) : html`<span class=${column.bar ? 'after-bar' : ''}><${Value} value=${value} unit=${column.unit} currency=${column.currency ? column.currency(row) : row.currency} why=${column.why?.(row)} /></span>`}
  </td>`;
}

/** Values that are absent come last in both directions. @param {Row[]} rows @param {Column | undefined} column @param {boolean} isDescending @param {(column: Column, row: Row) => any} valueOf */
function sortedBy(rows, column, isDescending, valueOf) {
  if (!column) return rows;
  const sign = isDescending ? -1 : 1;
  return [...rows].sort((left, right) => {
    const a = valueOf(column, left), b = valueOf(column, right);
    if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
    if (b === null || b === undefined) return -1;
    return (a < b ? -1 : a > b ? 1 : 0) * sign;
  });
}

/** @param {Row} row */
const textOf = (row) => Object.values(row).join(' ').toLowerCase();

/** "costs.total_cost:desc,models.p95" of the address, by table. @param {string | undefined} text @returns {Record<string, string>} */
const sortsOf = (text) => Object.fromEntries((text ?? '').split(',').filter(Boolean).map((each) => [each.slice(0, each.indexOf('.')), each.slice(each.indexOf('.') + 1)]));
/** @param {Record<string, string>} sorts */
const sortText = (sorts) => Object.entries(sorts).map(([table, by]) => `${table}.${by}`).join(',');

/** The numbers of a chart over time, as a table. @param {{label: string, times: number[], series: import('./Chart.js').Series[], unit: string, currency?: string}} properties */
export function SeriesTable({ label, times, series, unit, currency }) {
  const rows = times.map((time, i) => ({ time: new Date(time * 1000).toISOString().slice(0, 16).replace('T', ' '), ...Object.fromEntries(series.map((each, j) => [`s${j}`, each.values[i]])) }));
  const columns = [{ key: 'time', title: 'From (UTC)' }, ...series.map((each, j) => ({ key: `s${j}`, title: each.label, unit, currency: () => currency ?? '' }))];
  return html`<${DataTable} name="series" label=${label} columns=${columns} rows=${rows.reverse()} shown=${24} />`;
}

