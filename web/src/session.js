// Who is asking: the token, which is kept for this tab only, and what it may do.
import { computed, signal } from './html.js';

/** @typedef {{name: string, scope: string, customers: string[] | null, may_sql: boolean, takes_rows: boolean, version: string}} Me */

const KEY = 'optiinfra-token';

export const token = signal(sessionStorage.getItem(KEY) ?? '');

/** What the server said when it refused the token, or asked for one; empty while it answers. */
export const refusal = signal('');

export const me = signal(/** @type {Me | null} */ (null));
export const seesAll = computed(() => me.value !== null && me.value.customers === null);

/** Names, prices, budgets and objectives are changed by admins that see all customers. */
export const mayChange = computed(() => seesAll.value && me.value?.scope === 'admin');

/** @param {string} text */
export function signIn(text) {
  token.value = text.trim();
  refusal.value = '';
  sessionStorage.setItem(KEY, token.value);
}

export function signOut() {
  token.value = '';
  me.value = null;
  sessionStorage.removeItem(KEY);
  refusal.value = 'You signed out.';
}
