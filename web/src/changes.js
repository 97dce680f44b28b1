// What admins change from the page. Afterwards all that is shown is asked for again.
import { send, urlOf } from './ask.js';
import { refresh } from './live.js';

/** @typedef {Record<string, string | number>} Fields */

/**
 * Sets rows of a list: one, or several, all or none. Errors: Problem, whose message names the field.
 * @param {string} list "objectives" @param {Fields | Fields[]} rows
 */
export async function setRows(list, rows) {
  await send(`/api/v1/${list}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(rows) });
  refresh();
}

/** @param {string} list @param {Fields} named What names the one that is removed. */
export async function removeRow(list, named) {
  await send(urlOf(`/api/v1/${list}`, named), { method: 'DELETE' });
  refresh();
}
