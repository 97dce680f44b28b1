// What pages say of an objective: its targets, its state, its shares.
import { percent, withUnit } from '../format.js';
import { html } from '../html.js';
import { DAY } from '../time.js';
import { Value } from '../parts/Value.js';

/** @typedef {import('../answers.js').Row} Row */

/** What a request may be held to. */
export const TARGETS = [
  { name: 'time_to_first_token_ms', title: 'First token within', unit: 'ms' },
  { name: 'inter_token_latency_ms', title: 'Between tokens at most', unit: 'ms' },
  { name: 'latency_ms', title: 'Whole answer within', unit: 'ms' },
];

/** @param {Row} row Of the list of objectives. */
export const targetsText = (row) => TARGETS.filter(({ name }) => row[name] !== null && row[name] !== undefined).map(({ name, title }) => `${title.toLowerCase()} ${withUnit(row[name], 'ms')}`).join(', ') || 'ended well';

/** @param {number | null | undefined} share */
export const shareOf = (share) => (share === null || share === undefined ? share : share * 100);

/** The decimals that a share needs in per cent: 1 for 0.999. @param {number} share */
const decimalsOf = (share) => Math.min(6, Math.max(0, (String(share).split('.')[1] ?? '').length - 2));

/**
 * A share in per cent, with at least the decimals of the objective that it is held against. Cut and not rounded: what is missed never looks met,
 * and what is not all never looks like all.
 * @param {number} share @param {number} objective @param {number} decimalsMin
 */
export function shareText(share, objective = share, decimalsMin = 0) {
  const decimals = Math.max(decimalsMin, decimalsOf(objective)), scale = 10 ** decimals;
  return percent(Math.floor(share * 100 * scale + 1e-6) / scale, decimals);
}

/** A column of shares. @param {string} key @param {string} title */
export const shareColumn = (key, title, rest = {}) => ({
  key, title, unit: 'percent', value: (/** @type {Row} */ row) => shareOf(row[key]),
  text: (/** @type {Row} */ row) => (row[key] === null || row[key] === undefined ? html`<${Value} value=${null} unit="percent" why=${whyNot(row) || 'not measured'} />` : Math.abs(row[key]) >= 10 ? percent(row[key] * 100, 0) : shareText(row[key], row.share ?? row.objective, 2)), ...rest,
});

/**
 * Whether an answer of `slo` could look at all requests of the window; its own begins where they are kept. Less than a day is not missed.
 * @param {import('../answers.js').Answer | null} answer @param {import('../time.js').Window} window
 */
export const isKept = (answer, { begin, end }) => !answer?.window || Date.parse(String(answer.window.begin)) - begin < Math.min(DAY, end - begin);

/** Why an objective has no number for its window; empty for one that has requests. @param {Row} row With `isKept` where it has no requests. */
export const whyNot = (row) => (row.isKept === undefined ? '' : row.isKept ? 'no traffic' : 'not kept');

/** In words and colour. The hour that has just ended tells whether it still burns. @param {{row: Row}} properties */
export function ObjectiveState({ row }) {
  if (row.attainment === null || row.attainment === undefined)
    return html`<span class="quiet">${row.isKept === false ? 'not known, single requests are no longer kept' : row.isKept ? 'no traffic' : 'not measured'}</span>`;
  const burns = row.burn_rate_1h !== null && row.burn_rate_1h > 1;
  if (row.attainment < row.share) return html`<span class="change bad">✗ missed${burns ? ', burning' : ''}</span>`;
  return burns ? html`<span class="change bad">▲ burning</span>` : html`<span class="change good">✓ met</span>`;
}
