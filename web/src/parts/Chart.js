// Numbers over time. Drag to zoom, arrow keys to read values; all charts of a page share the cursor.
import uPlot from '../../vendor/uplot.js';
import { choose } from '../address.js';
import { locale, timeText, withUnit, zone } from '../format.js';
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from '../html.js';
import { colour, isDark } from '../theme.js';
import { rfc3339 } from '../time.js';
import { optionsOf, stackedValues } from './chartOptions.js';

/**
 * @typedef {{label: string, values: (number | null)[], colour: string, dash?: number[]}} Series
 * @param {{label: string, times: number[], step: number, series: Series[], unit: string, currency?: string, isStacked?: boolean,
 *   height?: number}} properties times: in seconds, where each step begins; step: in seconds.
 */
export function Chart({ label, times, step, series, unit, currency, isStacked = false, height = 220 }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const plot = useRef(/** @type {any} */ (null));
  const [index, setIndex] = useState(/** @type {number | null} */ (null));
  const shape = JSON.stringify([series.map((each) => [each.label, each.colour]), unit, currency, isStacked, height, step]);
  const data = useMemo(() => [times, ...(isStacked ? stackedValues(series).reverse() : series.map((each) => each.values))], [times, series, isStacked]);

  // The chart is made again when its shape, the theme or the language changes; new numbers only replace the old ones.
  useLayoutEffect(() => {
    const holder = /** @type {HTMLDivElement} */ (place.current);
    const zoomTo = (/** @type {number} */ begin, /** @type {number} */ end) => choose({ from: rfc3339(begin * 1000), to: rfc3339(end * 1000) });
    const options = optionsOf({ series, unit, currency, isStacked, height, step, width: holder.clientWidth, zoomTo, onCursor: setIndex, colour });
    plot.current = new uPlot(options, data, holder);
    const canvas = holder.querySelector('canvas');
    canvas?.setAttribute('role', 'img');
    const sizes = new ResizeObserver(() => plot.current?.setSize({ width: holder.clientWidth, height }));
    sizes.observe(holder);
    return () => {
      sizes.disconnect();
      plot.current?.destroy();
    };
  }, [shape, isDark.value, locale.value, zone.value]);
  useEffect(() => {
    plot.current?.setData(data);
    place.current?.querySelector('canvas')?.setAttribute('aria-label', summaryOf(label, series, times, unit, currency));
  }, [data, shape, isDark.value, locale.value, zone.value]);

  const at = index ?? lastKnown(series);
  const moveTo = (/** @type {number} */ i) => {
    const to = Math.max(0, Math.min(times.length - 1, i));
    setIndex(to);
    plot.current?.setCursor({ left: plot.current.valToPos(times[to], 'x'), top: 10 }, true, true);
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const moves = /** @type {Record<string, () => void>} */ ({
      ArrowLeft: () => moveTo(at - 1), ArrowRight: () => moveTo(at + 1), Home: () => moveTo(0), End: () => moveTo(times.length - 1),
      '+': () => zoomAround(at), Escape: () => setIndex(null),
    });
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  };
  const zoomAround = (/** @type {number} */ i) => {
    const half = Math.max(1, Math.round(times.length / 4));
    const first = Math.max(0, i - half), last = Math.min(times.length - 1, i + half);
    choose({ from: rfc3339(times[first] * 1000), to: rfc3339((times[last] + step) * 1000) });
  };
  return html`<div class="chart">
    <div class="chart-canvas" ref=${place} tabindex="0" role="group" style=${{ minHeight: `${height}px` }}
      aria-label=${`${label}. Arrow keys read values, plus zooms in.`} onKeyDown=${onKey}></div>
    <ul class="legend" aria-hidden="true">
      ${series.map((each) => html`<li key=${each.label}>
        <svg width="18" height="10"><line x1="0" x2="18" y1="5" y2="5" stroke=${`var(${each.colour})`} stroke-width=${isStacked ? 8 : 2.5} stroke-dasharray=${(each.dash ?? []).join(' ')} /></svg>
        ${each.label} <b>${textAt(each.values[at], unit, currency)}</b></li>`)}
      ${times[at] !== undefined && html`<li class="legend-time">${timeText(times[at] * 1000, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })}</li>`}
    </ul>
    <p class="hidden" aria-live="polite">${index !== null && times[index] !== undefined && `${timeText(times[index] * 1000)}: ${series.map((each) => `${each.label} ${textAt(each.values[index], unit, currency)}`).join(', ')}`}</p>
  </div>`;
}

/** @param {Series[]} series */
const lastKnown = (series) => Math.max(0, ...series.map((each) => each.values.findLastIndex((value) => value !== null)));

/** @param {number | null | undefined} value @param {string} unit @param {string} [currency] */
const textAt = (value, unit, currency) => (value === null || value === undefined ? '–' : withUnit(value, unit, currency));

/** What the picture shows, in a sentence for each line. @param {string} label @param {Series[]} series @param {number[]} times @param {string} unit @param {string} [currency] */
function summaryOf(label, series, times, unit, currency) {
  if (!times.length) return `${label}: nothing in this window`;
  const said = series.map((each) => {
    const known = /** @type {number[]} */ (each.values.filter((value) => value !== null));
    if (!known.length) return `${each.label}: not measured`;
    const high = Math.max(...known), highAt = times[each.values.indexOf(high)];
    return `${each.label}: from ${withUnit(Math.min(...known), unit, currency)} to ${withUnit(high, unit, currency)} on ${timeText(highAt * 1000)}, last ${withUnit(known[known.length - 1], unit, currency)}`;
  });
  return `${label}, ${timeText(times[0] * 1000)} to ${timeText(times[times.length - 1] * 1000)}. ${said.join('. ')}.`;
}
