// Sums of amounts: those of different currencies are never added.
import { money } from '../format.js';

/** @typedef {import('../answers.js').Answer} Answer */

/** The currency of most money; '' where none is stated. @param {Answer | null} answer @param {string} key @returns {string} */
export function mainCurrency(answer, key) {
  const totals = totalsOf(answer, key);
  return totals[0]?.[0] ?? '';
}

/** @param {Answer | null} answer @param {string} key @returns {[string, number][]} the largest first */
function totalsOf(answer, key) {
  /** @type {Map<string, number>} */
  const totals = new Map();
  for (const row of answer?.rows ?? []) if (row[key] !== null && row[key] !== undefined) totals.set(row.currency ?? '', (totals.get(row.currency ?? '') ?? 0) + row[key]);
  return [...totals].sort((a, b) => b[1] - a[1]);
}

/** Null without any amount. @param {Answer | null} answer @param {string} key @param {string} currency */
export function sum(answer, key, currency) {
  if (!answer) return undefined;
  const found = totalsOf(answer, key).find(([each]) => each === currency);
  return found ? found[1] : null;
}

/** "$1,234 and €56". @param {Answer | null} answer @param {string} key */
export function currenciesText(answer, key) {
  const totals = totalsOf(answer, key);
  return totals.length ? totals.map(([currency, amount]) => money(amount, currency) + (currency ? '' : ' (no currency stated)')).join(' and ') : 'nothing';
}
