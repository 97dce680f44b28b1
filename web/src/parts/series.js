// From the rows of an answer to what charts draw.
import { SERIES } from '../theme.js';
import { BUCKET_LENGTH } from '../time.js';

/** Every step of the window, also those without rows. @param {import('../answers.js').Answer} answer @param {string} bucket @returns {number[]} seconds */
export function timesOf(answer, bucket) {
  const step = BUCKET_LENGTH[bucket] / 1000;
  if (!answer.rows.length || !answer.window) return [];
  const seen = answer.rows.map((row) => Date.parse(row.begin) / 1000);
  // The first step begins before the window where the window begins within it. Weeks begin on Mondays.
  const first = Math.min(...seen), end = Date.parse(answer.window.end) / 1000;
  const begin = first - Math.max(0, Math.floor((first - Date.parse(answer.window.begin) / 1000) / step)) * step;
  const times = [];
  for (let time = begin; time < Math.max(end, Math.max(...seen) + 1); time += step) times.push(time);
  return times;
}

/** One number over time; null where there is none. @param {import('../answers.js').Row[]} rows @param {string} key @param {number[]} times */
export function valuesOf(rows, key, times) {
  const at = new Map(rows.map((row) => [Date.parse(row.begin) / 1000, row[key]]));
  return times.map((time) => at.get(time) ?? null);
}

/**
 * One series for each value of a dimension, the largest first, and one for all others.
 * @param {import('../answers.js').Row[]} rows @param {string} dimension @param {string} key @param {number[]} times
 * @param {(value: string) => string} [nameOf]
 */
export function seriesBy(rows, dimension, key, times, nameOf = (value) => value || 'not named', countMax = 6) {
  /** @type {Map<string, number>} */
  const totals = new Map();
  for (const row of rows) totals.set(row[dimension], (totals.get(row[dimension]) ?? 0) + (row[key] ?? 0));
  const names = [...totals.keys()].sort((a, b) => (totals.get(b) ?? 0) - (totals.get(a) ?? 0));
  const index = new Map(times.map((time, i) => [time, i]));
  const shown = names.slice(0, names.length <= countMax + 1 ? countMax + 1 : countMax);
  const series = shown.map((name, i) => ({ label: nameOf(name), colour: SERIES[i], values: /** @type {(number | null)[]} */ (times.map(() => null)) }));
  if (shown.length < names.length)
    series.push({ label: `${names.length - shown.length} others`, colour: SERIES[SERIES.length - 1], values: times.map(() => null) });
  for (const row of rows) {
    const i = index.get(Date.parse(row.begin) / 1000), place = shown.indexOf(row[dimension]);
    const one = series[place >= 0 ? place : series.length - 1];
    if (i !== undefined && row[key] !== null) one.values[i] = (one.values[i] ?? 0) + row[key];
  }
  return series;
}

/** Percentiles as lines that also differ in their dashes. @param {(key: string) => (number | null)[]} line @param {string} key */
export const latencySeries = (line, key = 'latency_ms') => [
  { label: 'p50', values: line(`p50_${key}`), colour: '--series-1' },
  { label: 'p95', values: line(`p95_${key}`), colour: '--series-2', dash: [6, 3] },
  { label: 'p99', values: line(`p99_${key}`), colour: '--series-4', dash: [2, 3] },
];
