// Windows of time: "now-24h" stays relative in the address, and becomes an exact window for each question.
import { address } from './address.js';
import { computed, signal } from './html.js';

/** @typedef {{begin: number, end: number, isRelative: boolean, label: string}} Window In milliseconds; end excluded. */

const MINUTE = 60e3;
export const HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const UNITS = /** @type {Record<string, number>} */ ({ m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY });

export const PRESETS = [
  { from: 'now-6h', label: '6 hours' },
  { from: 'now-24h', label: '24 hours' },
  { from: 'now-7d', label: '7 days' },
  { from: 'now-30d', label: '30 days' },
  { from: 'now-90d', label: '90 days' },
  { from: 'now-365d', label: '1 year' },
];
export const DEFAULT_FROM = 'now-24h';

/** The present, as the page knows it; live.js moves it on. */
export const clock = signal(Date.now());

/** @param {string} text @param {number} now @returns {number} NaN for text that is no time */
function parseTime(text, now) {
  const relative = /^now(?:-(\d+)([mhdw]))?$/.exec(text);
  if (relative) return now - (relative[1] ? Number(relative[1]) * UNITS[relative[2]] : 0);
  return Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
}

/** @param {string | undefined} from @param {string | undefined} to @param {number} now @returns {Window} */
function windowOf(from = DEFAULT_FROM, to = 'now', now) {
  const isRelative = from.startsWith('now') && to.startsWith('now');
  let begin = parseTime(from, now), end = parseTime(to, now);
  if (!(begin < end)) [begin, end] = [now - DAY, now];
  if (isRelative) {
    // Whole minutes of short windows and whole hours of long ones: the same question for a while, which the server
    // answers from its hourly sums, and as "the same as before".
    const step = end - begin > 2 * DAY ? HOUR : MINUTE;
    end = Math.floor(end / step) * step;
    begin = end - Math.round((parseTime(to, now) - parseTime(from, now)) / step) * step;
  }
  const preset = PRESETS.find((each) => each.from === from);
  return { begin, end, isRelative, label: isRelative && to === 'now' && preset ? `the last ${preset.label}` : 'this window' };
}

export const shownWindow = computed(() => windowOf(address.value.from, address.value.to, clock.value));

/** The window of the same length before. @param {Window} window @returns {Window} */
export const before = ({ begin, end, isRelative }) => ({ begin: 2 * begin - end, end: begin, isRelative, label: 'the period before' });

/** @param {Window} window */
export const parameters = ({ begin, end }) => ({ from: rfc3339(begin), to: rfc3339(end) });

/** @param {number} ms */
export const rfc3339 = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** The step of charts: the answers have hours, days and weeks. @param {Window} window */
export function bucketOf({ begin, end }) {
  const days = (end - begin) / DAY;
  return days <= 15 ? 'hour' : days <= 400 ? 'day' : 'week';
}

export const BUCKET_LENGTH = /** @type {Record<string, number>} */ ({ hour: HOUR, day: DAY, week: 7 * DAY });

/** "3 minutes", of a length of time. @param {number} ms */
export function lengthText(ms) {
  for (const [unit, length] of /** @type {[string, number][]} */ ([['day', DAY], ['hour', HOUR], ['minute', MINUTE]])) {
    if (ms < 2 * length && !(unit !== 'minute' && ms === length)) continue;
    const count = Math.round(ms / length);
    return `${count} ${unit}${count === 1 ? '' : 's'}`;
  }
  return `${Math.max(0, Math.round(ms / 1000))} seconds`;
}
