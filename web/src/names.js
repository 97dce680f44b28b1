// What people call customers, services and instances; without a name, the first letters of the identifier.
import { ask } from './ask.js';
import { shortId } from './format.js';
import { signal } from './html.js';

const names = signal(/** @type {Map<string, string>} */ (new Map()));

export async function readNames() {
  const { rows } = await ask('/api/v1/names');
  names.value = new Map(rows.map(({ id, name }) => [id, name]));
}

/** @param {string} id */
export const nameOf = (id) => names.value.get(id) ?? shortId(id);
