// What a sum is made of: one bar, and its parts as a list with amounts and shares.
import { percent, withUnit } from '../format.js';
import { html } from '../html.js';

/**
 * @typedef {{label: string, value: number | null, colour: string, pattern?: boolean, hint?: string}} Part
 * @param {{label: string, parts: Part[], unit: string, currency?: string}} properties
 */
export function SplitBar({ label, parts, unit, currency }) {
  const total = parts.reduce((sum, { value }) => sum + Math.max(0, value ?? 0), 0);
  const share = (/** @type {number | null} */ value) => (total > 0 && value ? (Math.max(0, value) / total) * 100 : 0);
  const text = (/** @type {Part} */ { value }) => (value === null ? 'not known' : withUnit(value, unit, currency));
  return html`<div class="split">
    <div class="split-bar" role="img" aria-label=${`${label}: ${parts.map((each) => `${each.label} ${text(each)}`).join(', ')}`}>
      ${parts.map((each) => share(each.value) > 0 && html`<span class=${each.pattern ? 'striped' : ''} style=${{ width: `${share(each.value)}%`, backgroundColor: `var(${each.colour})` }} title=${`${each.label}: ${text(each)}`}></span>`)}
    </div>
    <dl>${parts.map((each) => html`<div><dt title=${each.hint}><i class=${each.pattern ? 'striped' : ''} style=${{ backgroundColor: `var(${each.colour})` }} aria-hidden="true"></i>${each.label}</dt>
      <dd><b>${text(each)}</b> ${each.value !== null && total > 0 && html`<span class="quiet">${percent(share(each.value))}</span>`}</dd></div>`)}</dl>
  </div>`;
}
