// What a sum is made of, as areas: the larger, the more. Squarified, after Bruls, Huizing and van Wijk.
import { percent, withUnit } from '../format.js';
import { html } from '../html.js';
import { SERIES } from '../theme.js';

const WIDTH = 1000, HEIGHT = 300, LETTER = 7.4;
/** Smaller parts are one area, "others". */
const PARTS_MAX = 24;

/**
 * @typedef {{name: string, value: number, href: string}} Area
 * @typedef {Area & {x: number, y: number, width: number, height: number}} Placed
 * @param {{label: string, areas: Area[], unit: string, currency?: string}} properties
 */
export function Treemap({ label, areas, unit, currency }) {
  const placed = squarified(largestOf(areas.filter((each) => each.value > 0)), { x: 0, y: 0, width: WIDTH, height: HEIGHT });
  const total = placed.reduce((sum, each) => sum + each.value, 0);
  return html`<svg class="treemap" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label=${label}>
    ${placed.map((each, i) => {
      const text = `${each.name}: ${withUnit(each.value, unit, currency)}, ${percent((each.value / total) * 100)}`;
      const area = html`<g><title>${text}</title><rect x=${each.x + 1} y=${each.y + 1} width=${Math.max(0, each.width - 2)} height=${Math.max(0, each.height - 2)} rx="4" style=${{ fill: `color-mix(in oklab, var(${SERIES[i % SERIES.length]}) 38%, var(--surface))` }} />
        ${each.height > 22 && each.width > 60 && html`<text x=${each.x + 9} y=${each.y + 21}>${fitting(each.name, each.width)}</text>`}
        ${each.height > 42 && each.width > 60 && html`<text class="amount" x=${each.x + 9} y=${each.y + 39}>${fitting(withUnit(each.value, unit, currency), each.width)}</text>`}</g>`;
      return each.href ? html`<a href=${each.href} aria-label=${text}>${area}</a>` : area;
    })}
  </svg>`;
}

/** @param {string} text @param {number} width */
const fitting = (text, width) => {
  const count = Math.floor((width - 16) / LETTER);
  return text.length <= count ? text : `${text.slice(0, Math.max(1, count - 1))}…`;
};

/** @param {Area[]} areas */
function largestOf(areas) {
  const sorted = [...areas].sort((a, b) => b.value - a.value);
  const rest = sorted.slice(PARTS_MAX);
  if (!rest.length) return sorted;
  return [...sorted.slice(0, PARTS_MAX), { name: `${rest.length} others`, value: rest.reduce((sum, each) => sum + each.value, 0), href: '' }];
}

/** Rows of areas along the shorter side, each row as long as its areas stay near squares. @param {Area[]} areas @param {{x: number, y: number, width: number, height: number}} free @returns {Placed[]} */
function squarified(areas, free) {
  let { x, y, width, height } = free;
  const scale = (width * height) / (areas.reduce((sum, each) => sum + each.value, 0) || 1);
  /** @type {Placed[]} */
  const placed = [];
  for (let first = 0; first < areas.length;) {
    const side = Math.min(width, height);
    let last = first + 1, sum = areas[first].value * scale;
    while (last < areas.length && worst(areas, first, last + 1, sum + areas[last].value * scale, side, scale) <= worst(areas, first, last, sum, side, scale)) sum += areas[last++].value * scale;
    const depth = side > 0 ? sum / side : 0;
    let along = 0;
    for (const each of areas.slice(first, last)) {
      const length = depth > 0 ? (each.value * scale) / depth : 0;
      placed.push(width >= height ? { ...each, x, y: y + along, width: depth, height: length } : { ...each, x: x + along, y, width: length, height: depth });
      along += length;
    }
    if (width >= height) [x, width] = [x + depth, width - depth];
    else [y, height] = [y + depth, height - depth];
    first = last;
  }
  return placed;
}

/** How far from a square the least square of a row is; 1 is a square. @param {Area[]} areas @param {number} first @param {number} last @param {number} sum @param {number} side @param {number} scale */
function worst(areas, first, last, sum, side, scale) {
  const largest = areas[first].value * scale, smallest = areas[last - 1].value * scale;
  return Math.max((side * side * largest) / (sum * sum), (sum * sum) / (side * side * smallest));
}
