// What pages say of an objective: its targets, its state, its shares.
import { percent, withUnit } from '../format.js';
import { html } from '../html.js';

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

/** A column of shares. @param {string} key @param {string} title */
export const shareColumn = (key, title, rest = {}) => ({
  key, title, unit: 'percent', value: (/** @type {Row} */ row) => shareOf(row[key]),
  text: (/** @type {Row} */ row) => (row[key] === null || row[key] === undefined ? html`<span class="none none-not-measured">not measured</span>` : percent(row[key] * 100, Math.abs(row[key]) >= 10 ? 0 : 2)), ...rest,
});

/** In words and colour. The hour that has just ended tells whether it still burns. @param {{row: Row}} properties */
export function ObjectiveState({ row }) {
  if (row.attainment === null || row.attainment === undefined) return html`<span class="quiet">no traffic</span>`;
  const burns = row.burn_rate_1h !== null && row.burn_rate_1h > 1;
  if (row.attainment < row.share) return html`<span class="change bad">✗ missed${burns ? ', burning' : ''}</span>`;
  return burns ? html`<span class="change bad">▲ burning</span>` : html`<span class="change good">✓ met</span>`;
}
