// A number with its unit, or, in words, why there is none: none of these is 0.
import { withUnit } from '../format.js';
import { html } from '../html.js';

const MEANINGS = /** @type {Record<string, string>} */ ({
  'no traffic': 'There were no rows in this window.',
  'not measured': 'There were rows, but none of them has this value.',
  'price unknown': 'No charge covers these requests, so what they cost is not known.',
  'not attributed': 'No hour of this window is attributed yet: the server does it five minutes after an hour\'s end, optiinfra attribute at once.',
  'other currency': 'Amounts of different currencies are not added.',
  'too early': 'A spread needs 14 days of attributed hours.',
  'not kept': 'Single requests of this window are no longer kept, so this is not known.',
  'no request': 'Nothing was asked in this window, so there is nothing to divide by.',
});

/** @param {{value: number | null | undefined, unit: string, currency?: string, why?: string}} properties */
export function Value({ value, unit, currency, why = 'not measured' }) {
  if (value === null || value === undefined) return html`<span class="none none-${why.replace(' ', '-')}" title=${MEANINGS[why]}>${why}</span>`;
  return html`<span class="value">${withUnit(value, unit, currency)}</span>`;
}

/** Why a measure of a family has no value. @param {import('../answers.js').Answer | null} answer @param {string} family */
export const whyNone = (answer, family) => (answer && !answer.coverage[family]?.rows ? 'no traffic' : 'not measured');
