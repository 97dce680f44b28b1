// How a number went, without axes: for tiles and tables. The tile says the number, so this says nothing to a reader.
import { html } from '../html.js';

/** @param {{values: (number | null)[], width?: number, height?: number, isFromZero?: boolean}} properties */
export function Sparkline({ values, width = 120, height = 28, isFromZero = true }) {
  const known = values.filter((each) => each !== null);
  if (known.length < 2) return null;
  const low = isFromZero ? Math.min(0, ...known) : Math.min(...known), high = Math.max(...known);
  const x = (/** @type {number} */ i) => (i / (values.length - 1)) * width;
  const y = (/** @type {number} */ value) => height - 2 - ((value - low) / (high - low || 1)) * (height - 4);
  // A gap where nothing was measured.
  let path = '', isPenUp = true;
  values.forEach((value, i) => {
    if (value !== null) path += `${isPenUp ? 'M' : 'L'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    isPenUp = value === null;
  });
  return html`<svg class="sparkline" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">
    <path d=${path} vector-effect="non-scaling-stroke" />
  </svg>`;
}
