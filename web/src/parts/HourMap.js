// A number by weekday and hour of the day, in the reader's time zone: a heat map that also says its numbers.
import { locale, withUnit, zone } from '../format.js';
import { html } from '../html.js';

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/**
 * @param {{label: string, times: number[], values: (number | null)[], unit: string}} properties Of hours; their mean is shown.
 */
export function HourMap({ label, times, values, unit }) {
  const place = new Intl.DateTimeFormat('en', { weekday: 'long', hour: 'numeric', hourCycle: 'h23', timeZone: zone.value });
  /** @type {Map<string, {sum: number, count: number}>} */
  const cells = new Map();
  times.forEach((time, i) => {
    const value = values[i];
    if (value === null) return;
    const parts = Object.fromEntries(place.formatToParts(new Date(time * 1000)).map(({ type, value: text }) => [type, text]));
    const cell = cells.get(`${parts.weekday} ${Number(parts.hour)}`) ?? { sum: 0, count: 0 };
    cells.set(`${parts.weekday} ${Number(parts.hour)}`, { sum: cell.sum + value, count: cell.count + 1 });
  });
  const mean = (/** @type {string} */ day, /** @type {number} */ hour) => {
    const cell = cells.get(`${day} ${hour}`);
    return cell ? cell.sum / cell.count : null;
  };
  const largest = Math.max(...[...cells.values()].map(({ sum, count }) => sum / count), 1e-12);
  // 1 January 2024 was a Monday.
  const shortDay = (/** @type {number} */ i) => new Intl.DateTimeFormat(locale.value, { weekday: 'short', timeZone: 'UTC' }).format(Date.UTC(2024, 0, 1 + i));
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label=${label}><table class="hour-map"><caption class="hidden">${label}</caption>
    <thead><tr><td></td>${Array.from({ length: 24 }, (_, hour) => html`<th scope="col">${hour % 3 === 0 ? hour : html`<span class="hidden">${hour}</span>`}</th>`)}</tr></thead>
    <tbody>${DAYS.map((day, i) => html`<tr><th scope="row">${shortDay(i)}</th>${Array.from({ length: 24 }, (_, hour) => {
      const value = mean(day, hour);
      return html`<td class=${value === null ? 'no-value' : ''} title=${`${day} ${hour}:00: ${value === null ? 'no traffic' : withUnit(value, unit)}`}
        style=${value === null ? {} : { '--heat': `${Math.round((value / largest) * 100)}%` }}><span class="hidden">${value === null ? 'no traffic' : withUnit(value, unit)}</span></td>`;
    })}</tr>`)}</tbody></table></div>
    <p class="quiet heat-scale"><span>0</span><i aria-hidden="true"></i><span>${withUnit(largest, unit)}</span></p>`;
}

