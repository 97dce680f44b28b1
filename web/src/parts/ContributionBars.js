// Who made a number change: bars to the left for less, to the right for more, the largest first.
import { withUnit } from '../format.js';
import { html } from '../html.js';

/** Sums of the same amounts differ by rounding. @param {number} change @param {number} amount */
const withoutDust = (change, amount) => (Math.abs(change) <= Math.abs(amount) * 1e-9 ? 0 : change);

/**
 * Each row has a change, or two amounts whose difference is one.
 * @param {{label: string, rows: {name: any, now?: number, then?: number, change?: number}[], unit: string, currency?: string, countMax?: number}} properties
 */
export function ContributionBars({ label, rows, unit, currency, countMax = 8 }) {
  const changes = rows.map((row) => ({ ...row, change: row.change ?? withoutDust((row.now ?? 0) - (row.then ?? 0), row.now ?? 0) })).sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
  const shown = changes.slice(0, countMax);
  const rest = changes.slice(countMax).reduce((sum, each) => sum + each.change, 0);
  const largest = Math.max(...shown.map((each) => Math.abs(each.change)), Math.abs(rest), 1e-12);
  const sum = changes.reduce((total, each) => total + each.change, 0);
  const line = (/** @type {any} */ name, /** @type {number} */ change, hint = '', hasBar = true) => html`<tr>
    <th scope="row">${name}</th>
    <td class="contribution">${hasBar && html`<span aria-hidden="true"><i class=${change < 0 ? 'less' : 'more'} style=${{ width: `${(Math.abs(change) / largest) * 50}%` }}></i></span>`}</td>
    <td class="number" title=${hint}>${change > 0 ? '+' : change < 0 ? '−' : ''}${withUnit(Math.abs(change), unit, currency)}</td></tr>`;
  return html`<table class="contributions"><caption class="hidden">${label}</caption>
    <thead class="hidden"><tr><th scope="col">Part</th><th scope="col">Bar</th><th scope="col">Change</th></tr></thead>
    <tbody>
      ${shown.map((each) => line(each.name, each.change, each.now === undefined || each.then === undefined ? '' : `${withUnit(each.then, unit, currency)} before, ${withUnit(each.now, unit, currency)} now`))}
      ${changes.length > countMax && line(`${changes.length - countMax} others`, rest)}
    </tbody>
    <tfoot>${line('All', sum, '', false)}</tfoot>
  </table>`;
}
