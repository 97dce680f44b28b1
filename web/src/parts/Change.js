// A number against the period before: an arrow, the change, and a colour only where more is better or worse.
import { change, withUnit } from '../format.js';
import { html } from '../html.js';

/**
 * @param {{now: number | null | undefined, then: number | null | undefined, unit: string, currency?: string,
 *   better?: 'more' | 'less'}} properties
 */
export function Change({ now, then, unit, currency, better }) {
  if (now === null || now === undefined) return null;
  if (then === null || then === undefined) return html`<span class="change">no period before to compare</span>`;
  const was = `was ${withUnit(then, unit, currency)} in the period before`;
  if (then === 0) return html`<span class="change" title=${was}>${now === 0 ? 'as before: 0' : 'was 0 before'}</span>`;
  const rate = ((now - then) / Math.abs(then)) * 100;
  const isFlat = Math.abs(rate) < 0.5;
  const isGood = better && !isFlat && (rate > 0) === (better === 'more');
  const kind = isFlat || !better ? '' : isGood ? 'good' : 'bad';
  return html`<span class="change ${kind}" title=${was}>
    <span aria-hidden="true">${isFlat ? '≈' : rate > 0 ? '▲' : '▼'}</span><span class="hidden">${rate > 0 ? 'up' : 'down'}</span> ${change(rate)}${' '}
    <span class="quiet">${kind === 'good' ? 'better' : kind === 'bad' ? 'worse' : ''}</span>
  </span>`;
}
