// What a page says first: its question, answered in one sentence.
import { html } from '../html.js';

/** @param {{isReady: boolean, children?: any}} properties */
export function Sentence({ isReady, children }) {
  return html`<p class="sentence" aria-busy=${!isReady}>${isReady ? children : html`<span class="skeleton sentence-skeleton"></span>`}</p>`;
}

/** " (8 % more than before)", or nothing. @param {number | null | undefined} now @param {number | null | undefined} then @param {(rate: number) => string} text */
export function comparedText(now, then, text) {
  if (now === null || now === undefined || !then) return '';
  const rate = ((now - then) / Math.abs(then)) * 100;
  if (Math.abs(rate) < 0.5) return ' (as before)';
  return ` (${text(Math.abs(rate))} ${rate > 0 ? 'more' : 'less'} than in the period before)`;
}
