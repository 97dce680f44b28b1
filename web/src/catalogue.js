// The measures and dimensions that the server knows, with their units and formulas.
import { send } from './ask.js';
import { computed, signal } from './html.js';

/** @typedef {{family: string, name: string, key: string, heading: string, unit: string, table: string, formula: string}} Measure */
/** @typedef {{name: string, key: string, families: string[]}} Dimension */

export const catalogue = signal(/** @type {{measures: Measure[], dimensions: Dimension[]}} */ ({ measures: [], dimensions: [] }));

export async function readCatalogue() {
  catalogue.value = await (await send('/api/v1/catalogue')).json();
}

const byKey = computed(() => {
  /** @type {Map<string, Measure>} */
  const found = new Map();
  for (const measure of catalogue.value.measures) {
    if (!found.has(measure.key)) found.set(measure.key, measure);
    found.set(`${measure.family}_${measure.key}`, measure);
  }
  return found;
});

/** The measure behind a key of an answer. @param {string} key */
export const measureOf = (key) => byKey.value.get(key);
