// One number of a page's top: what it is, its value, how it changed and went. A click tells where it comes from.
import { html } from '../html.js';
import { Change } from './Change.js';
import { explained } from './How.js';
import { Sparkline } from './Sparkline.js';
import { Value } from './Value.js';

/**
 * @param {{label: string, value: number | null | undefined, text?: string, then?: number | null, unit: string, currency?: string, why?: string,
 *   better?: 'more' | 'less', trend?: (number | null)[], note?: string, how?: string, keys?: string[],
 *   answers: (import('../answers.js').Answer | null)[], isLoading: boolean}} properties text: the value, where its unit is written otherwise.
 */
export function Tile({ label, value, text, then, unit, currency, why, better, trend, note, how, keys, answers, isLoading }) {
  const isThere = answers.some((each) => each !== null);
  return html`<button type="button" class="tile" aria-busy=${isLoading} aria-haspopup="dialog" title="Where this number comes from"
    onClick=${() => isThere && (explained.value = { title: label, note: how, answers, keys, currency })}>
    <span class="tile-label">${label}</span>
    ${isThere
      ? html`<span class="tile-value">${text ? html`<span class="value">${text}</span>` : html`<${Value} value=${value} unit=${unit} currency=${currency} why=${why} />`}</span>
          <span class="tile-change">${note ?? html`<${Change} now=${value} then=${then} unit=${unit} currency=${currency} better=${better} />`}</span>
          ${trend && html`<${Sparkline} values=${trend} isFromZero=${unit !== '0-1'} />`}`
      : html`<span class="skeleton tile-skeleton"></span>`}
  </button>`;
}
