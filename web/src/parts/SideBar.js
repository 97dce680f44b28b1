// The pages.
import { address, page, toPage } from '../address.js';
import { html } from '../html.js';
import { me, seesAll } from '../session.js';

export const PAGES = [
  { name: 'overview', title: 'Overview', key: 'o' },
  { name: 'customers', title: 'Customers', key: 'c', isAlso: 'customer' },
  { name: 'services', title: 'Services', key: 's', isAlso: 'service' },
  { name: 'fleet', title: 'GPU fleet', key: 'f' },
  { name: 'quality', title: 'Quality', key: 'q' },
  { name: 'objectives', title: 'Objectives', key: 't' },
  { name: 'health', title: 'Data health', key: 'h' },
  { name: 'explore', title: 'Explore', key: 'e' },
];

export function SideBar() {
  void address.value;
  return html`<nav class="side-bar" aria-label="Pages">
    <a class="brand" href=${toPage('overview')}><svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true"><rect width="32" height="32" rx="7" /><path d="M7 22V15M13 22V10M19 22V17M25 22V8" /></svg> OptiInfra</a>
    <ul>${PAGES.map((each) => html`<li><a href=${toPage(each.name)} aria-current=${page.value === each.name || page.value === each.isAlso ? 'page' : undefined}>${each.title}</a></li>`)}</ul>
    <p class="who quiet">${me.value && (seesAll.value ? `${me.value.name}, ${me.value.scope}` : `${me.value.customers?.length} of the customers`)}<br />
      <button type="button" class="plain" onClick=${() => dispatchEvent(new KeyboardEvent('keydown', { key: '?' }))}>Keys: ?</button><br />${me.value?.version}</p>
  </nav>`;
}
