// Two numbers against each other, a point for each hour: where latency bends up, load has reached its limit.
import { timeText, withUnit } from '../format.js';
import { html } from '../html.js';

/**
 * @param {{label: string, xTitle: string, yTitle: string, points: {time: number, x: number, y: number}[], xUnit: string, yUnit: string}} properties
 */
export function Scatter({ label, xTitle, yTitle, points, xUnit, yUnit }) {
  const width = 560, height = 220, left = 64, bottom = 34;
  const xMax = Math.max(...points.map((each) => each.x), 1e-9) * 1.05, yMax = Math.max(...points.map((each) => each.y), 1e-9) * 1.05;
  const x = (/** @type {number} */ value) => left + (value / xMax) * (width - left - 8);
  const y = (/** @type {number} */ value) => height - bottom - (value / yMax) * (height - bottom - 8);
  const latest = points[points.length - 1];
  return html`<svg class="scatter" viewBox="0 0 ${width} ${height}" role="img"
    aria-label=${`${label}: ${points.length} hours, ${xTitle} up to ${withUnit(xMax / 1.05, xUnit)}, ${yTitle} up to ${withUnit(yMax / 1.05, yUnit)}`}>
    ${stepsTo(yMax).map((value) => html`<line class="grid" x1=${left} x2=${width - 8} y1=${y(value)} y2=${y(value)} />
      <text x=${left - 6} y=${y(value) + 3} text-anchor="end">${withUnit(value, yUnit)}</text>`)}
    ${stepsTo(xMax).map((value) => html`<text x=${x(value)} y=${height - bottom + 14} text-anchor="middle">${withUnit(value, xUnit)}</text>`)}
    <text class="axis-title" x=${(left + width) / 2} y=${height - 4} text-anchor="middle">${xTitle}</text>
    ${points.map((each) => html`<circle class=${each === latest ? 'latest' : ''} cx=${x(each.x)} cy=${y(each.y)} r=${each === latest ? 5 : 3}><title>${`${timeText(each.time * 1000)}: ${withUnit(each.x, xUnit)}, ${withUnit(each.y, yUnit)}`}</title></circle>`)}
  </svg>`;
}

/** Four to eight round numbers from 0. @param {number} max @returns {number[]} */
function stepsTo(max) {
  const rough = 10 ** Math.floor(Math.log10(max / 4));
  const step = [1, 2, 5, 10].map((each) => each * rough).find((each) => max / each <= 8) ?? max;
  return Array.from({ length: Math.floor(max / step) + 1 }, (_, i) => i * step);
}
