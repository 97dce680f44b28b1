// The state of the page is its address: what is shown, of whom, over which time. So every view is a link, and the
// back button undoes a choice.
import { computed, signal } from './html.js';

/** @typedef {Record<string, string | undefined>} Choices */

/** @returns {Record<string, string>} */
const read = () => Object.fromEntries(new URLSearchParams(location.search));

/** All choices, by name. */
export const address = signal(read());

/** What holds on every page and so goes along when another page is opened. */
const KEPT = ['from', 'to', 'tz', 'lang', 'live'];

export const page = computed(() => address.value.page ?? 'overview');

/**
 * The address with these choices changed; undefined takes one away.
 * @param {Choices} changes
 */
function changed(changes) {
  return text({ ...address.value, ...changes });
}

/**
 * The address of another page, about the same time.
 * @param {string} name
 * @param {Choices} choices
 */
export function toPage(name, choices = {}) {
  const kept = Object.fromEntries(KEPT.filter((key) => address.value[key]).map((key) => [key, address.value[key]]));
  return text({ ...(name === 'overview' ? {} : { page: name }), ...kept, ...choices });
}

/** @param {Choices} choices */
function text(choices) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(choices)) if (value !== undefined && value !== '') parameters.set(name, value);
  const query = parameters.toString();
  return query ? `/?${query}` : '/';
}

/**
 * Goes to an address of this page. With `isCorrection` the back button does not lead to the present one.
 * @param {string} target
 */
export function go(target, isCorrection = false) {
  if (isCorrection) history.replaceState(null, '', target);
  else if (target !== location.pathname + location.search) history.pushState(null, '', target);
  address.value = read();
}

/** @param {Choices} changes */
export const choose = (changes, isCorrection = false) => go(changed(changes), isCorrection);

addEventListener('popstate', () => (address.value = read()));

// Links within the page change the address without loading the page again.
addEventListener('click', (event) => {
  const link = /** @type {Element} */ (event.target).closest?.('a');
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.target || link.hasAttribute('download') || link.origin !== location.origin || link.pathname !== '/' || link.hash) return;
  event.preventDefault();
  const isOtherPage = new URLSearchParams(link.search).get('page') !== new URLSearchParams(location.search).get('page');
  go(link.pathname + link.search);
  if (isOtherPage) {
    scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }
});
