// Downloads: a link cannot carry a token, so with one the rows are fetched and handed to the browser.
import { send } from '../ask.js';
import { token } from '../session.js';

/** @param {MouseEvent} event Of a link with the attribute download. */
export async function download(event) {
  const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  if (!token.value) return;
  event.preventDefault();
  save(await (await send(link.pathname + link.search)).blob(), link.download);
}

/** @param {Blob} contents @param {string} name */
export function save(contents, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(contents);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
