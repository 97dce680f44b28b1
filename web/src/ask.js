// Questions to this server. The browser keeps answers with their ETags and asks only whether they still hold.
import { signal } from './html.js';
import { refusal, token } from './session.js';

/**
 * @typedef {Record<string, any>} Row
 * @typedef {{url: string, data: any, rows: Row[], window: {begin: string, end: string} | null, units: Record<string, string>,
 *   coverage: Record<string, {rows: number}>, has_more: boolean, reason: string, at: number, storeMs: number | null}} Answer
 * @typedef {Record<string, string | string[] | number | undefined>} Parameters
 */

export class Problem extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** Since when the server has not been reached, in milliseconds; 0 while it is. */
export const unreachableSince = signal(0);

/** @param {string} path @param {Parameters} parameters */
export function urlOf(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined && each !== '') query.append(name, String(each));
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/**
 * One request, with the token. Errors: Problem; status 0 for a server that does not answer.
 * @param {string} url @param {RequestInit} [options] @returns {Promise<Response>}
 */
export async function send(url, options = {}) {
  const used = token.value;
  const headers = { ...options.headers, ...(used ? { Authorization: `Bearer ${used}` } : {}) };
  let response;
  try {
    response = await fetch(url, { ...options, headers });
  } catch (error) {
    if (/** @type {Error} */ (error).name === 'AbortError') throw error;
    unreachableSince.value ||= Date.now();
    throw new Problem(0, 'The server does not answer.');
  }
  unreachableSince.value = 0;
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  const detail = body.detail ?? `The server answered ${response.status}.`;
  if (response.status === 401 && used === token.value) refusal.value = detail;
  throw new Problem(response.status, detail);
}

/** @type {Map<string, Promise<Answer>>} */
const running = new Map();

/** Waits until nothing is on its way, for questions that may come last. */
export async function whenQuiet() {
  while (running.size) await Promise.allSettled(running.values());
}

/** @param {string} path @param {Parameters} parameters @returns {Promise<Answer>} */
export function ask(path, parameters = {}) {
  const url = urlOf(path, parameters);
  const key = `${token.value} ${url}`;
  let asked = running.get(key);
  if (!asked) running.set(key, (asked = read(url).finally(() => running.delete(key))));
  return asked;
}

/** @param {string} url @returns {Promise<Answer>} */
async function read(url) {
  const empty = { url, data: [], rows: [], window: null, units: {}, coverage: {}, has_more: false, reason: '', at: Date.now(), storeMs: null };
  try {
    const response = await send(url);
    const timing = /dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '');
    const body = await response.json();
    const rows = Array.isArray(body.data) ? body.data : body.data ? [body.data] : [];
    return { ...empty, ...body, rows, at: Date.now(), storeMs: timing ? Number(timing[1]) : null };
  } catch (error) {
    // "No such customer" is an answer: there is nothing to show, and the sentence says why.
    if (error instanceof Problem && error.status === 404) return { ...empty, reason: error.message };
    throw error;
  }
}

/** The address of an answer's rows as CSV. @param {Answer} answer */
export const csvUrl = (answer) => answer.url + (answer.url.includes('?') ? '&' : '?') + 'format=csv';
