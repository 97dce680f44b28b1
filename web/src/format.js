// Numbers and times for people, in the reader's language and time zone.
import { address } from './address.js';
import { computed } from './html.js';

export const locale = computed(() => address.value.lang ?? navigator.language ?? 'en');
export const zone = computed(() => {
  const wanted = address.value.tz ?? 'local';
  if (wanted === 'local') return Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC';
  return wanted;
});

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/** @param {number} value @param {Intl.NumberFormatOptions} options */
function number(value, options) {
  const key = locale.value + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.NumberFormat(locale.value, options)));
  return format.format(value);
}

/** Three significant digits, in whole numbers from a hundred on. @param {number} value */
const digits = (value) => {
  const size = Math.abs(value);
  return size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : Math.min(6, 2 - Math.floor(Math.log10(size)));
};

/** @param {number} value */
export const plain = (value) => number(value, { maximumFractionDigits: Number.isInteger(value) ? 0 : digits(value) });

/** @param {number} value */
export const compact = (value) =>
  Math.abs(value) < 10_000 ? plain(value) : number(value, { notation: 'compact', maximumSignificantDigits: 3 });

/** @param {number} value 0 to 100 */
export const percent = (value, decimals = Math.abs(value) >= 10 || value === 0 ? 0 : 1) =>
  `${number(value, { minimumFractionDigits: decimals, maximumFractionDigits: decimals })} %`;

/** A change in per cent; an arrow says its direction. @param {number} value */
export const change = (value) =>
  `${number(Math.abs(value), { maximumFractionDigits: Math.abs(value) < 10 ? 1 : 0 })} %`;

/** @param {number} value @param {string | undefined} currency */
export function money(value, currency, isCompact = true) {
  const size = Math.abs(value);
  const decimals = size >= 1000 || size === 0 ? 0 : size >= 0.1 ? 2 : Math.min(6, 1 - Math.floor(Math.log10(size)));
  const options = size >= 1e6 && isCompact
    ? { notation: /** @type {const} */ ('compact'), maximumSignificantDigits: 4 }
    : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  if (currency && /^[A-Z]{3}$/.test(currency)) return number(value, { style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...options });
  return number(value, options);
}

const LONGER = /** @type {Record<string, [string, number][]>} */ ({
  ms: [['ms', 1], ['s', 1e3], ['min', 6e4]],
  s: [['s', 1], ['min', 60], ['h', 3600]],
  J: [['J', 1], ['kJ', 1e3], ['kWh', 3.6e6], ['MWh', 3.6e9]],
  W: [['W', 1], ['kW', 1e3]],
  MiB: [['MiB', 1], ['GiB', 1024]],
  bytes: [['B', 1], ['kB', 1e3], ['MB', 1e6], ['GB', 1e9], ['TB', 1e12]],
});

/**
 * A value with its unit, as the API names units.
 * @param {number} value @param {string} unit @param {string} [currency]
 */
export function withUnit(value, unit, currency) {
  if (unit.startsWith('currency')) return money(value, currency);
  if (unit === 'percent') return percent(value, Math.abs(value) < 10 ? 1 : 0);
  if (unit === '0-1') return number(value, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  if (unit === 'degC') return `${plain(value)} °C`;
  const scale = LONGER[unit];
  if (scale) {
    const [name, size] = [...scale].reverse().find(([, each]) => Math.abs(value) >= each) ?? scale[0];
    return `${plain(value / size)} ${name}`;
  }
  return compact(value);
}

/** The unit for headings; those that are part of the number, or that the heading says, are left out. @param {string} unit */
export const unitText = (unit) => (unit.startsWith('currency') ? '' : unit === 'degC' ? '°C' : unit);

/** @param {number | string} time @param {Intl.DateTimeFormatOptions} [options] */
export function timeText(time, options = { dateStyle: 'medium', timeStyle: 'short' }) {
  return new Intl.DateTimeFormat(locale.value, { ...options, timeZone: zone.value }).format(new Date(time));
}

/** "28 Nov 2026, 08:00 to 29 Nov 2026, 08:00 (UTC)". @param {{begin: number | string, end: number | string}} window */
export const windowText = ({ begin, end }) => `${timeText(begin)} to ${timeText(end)} (${zone.value})`;

/** The eight letters of an identifier by which people tell it from others. @param {string} id */
export const shortId = (id) => (/^[0-9a-f]{8}-/.test(id) ? id.slice(0, 8) : id);
