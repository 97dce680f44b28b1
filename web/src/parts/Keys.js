// The keyboard: "g" and a letter opens a page, "?" lists the keys.
import { go, toPage } from '../address.js';
import { html, useEffect, useRef, useState } from '../html.js';
import { refresh } from '../live.js';
import { PAGES } from './SideBar.js';

export function Keys() {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => {
    let isAfterG = false;
    const onKey = (/** @type {KeyboardEvent} */ event) => {
      const target = /** @type {Element | null} */ (event.target instanceof Element ? event.target : null);
      if (target?.closest('input, select, textarea') || event.metaKey || event.ctrlKey || event.altKey) return;
      const page = isAfterG && PAGES.find((each) => each.key === event.key);
      isAfterG = event.key === 'g';
      if (page) go(toPage(page.name));
      else if (event.key === 'r') refresh();
      else if (event.key === '?') setIsOpen(true);
      else if (event.key === '/') {
        event.preventDefault();
        /** @type {HTMLElement | null} */ (document.querySelector('main input[type=search]'))?.focus();
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
  }, [isOpen]);
  if (!isOpen) return null;
  return html`<dialog ref=${dialog} class="how keys" aria-labelledby="keys-title" onClose=${() => setIsOpen(false)}><div class="how-body">
    <header><h2 id="keys-title">Keys</h2><button type="button" class="plain" autofocus onClick=${() => dialog.current?.close()}>Close</button></header>
    <dl>${PAGES.map((each) => html`<dt><kbd>g</kbd> <kbd>${each.key}</kbd></dt><dd>${each.title}</dd>`)}
      <dt><kbd>/</kbd></dt><dd>Filter the table</dd><dt><kbd>r</kbd></dt><dd>Ask again now</dd>
      <dt><kbd>←</kbd> <kbd>→</kbd></dt><dd>Read values of a chart; <kbd>+</kbd> zooms in</dd><dt><kbd>Esc</kbd></dt><dd>Close</dd></dl>
  </div></dialog>`;
}
