// Customers, services, instances and models by name, as links to their page.
import { toPage } from '../address.js';
import { html } from '../html.js';
import { nameOf } from '../names.js';

/** @param {{id: string}} properties */
export const CustomerLink = ({ id }) => html`<a href=${toPage('customer', { customer: id })} title=${`customer ${id}`}>${nameOf(id)}</a>`;

/** @param {{customer: string, service: string}} properties */
export const ServiceLink = ({ customer, service }) => html`<a href=${toPage('service', { customer, service })} title=${`service ${service}`}>${nameOf(service)}</a>`;

/** @param {{name: string}} properties */
export const ModelName = ({ name }) => (name ? html`<span title=${name}>${shortModel(name)}</span>` : html`<span class="quiet">not named</span>`);

/** Without the organisation: "Llama-3.3-70B-Instruct". @param {string} name */
export const shortModel = (name) => name.slice(name.lastIndexOf('/') + 1);

/** What an objective or a budget is for. @param {{scope: string | null, id: string | null, all?: string}} properties */
export function ScopeName({ scope, id, all = 'all requests' }) {
  if (!scope || !id) return all;
  if (scope === 'customer') return html`<${CustomerLink} id=${id} />`;
  return html`${scope}<br /><span title=${id}>${nameOf(id)}</span>`;
}
