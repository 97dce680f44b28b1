// Gives a customer, service or instance its name.
import { setRows } from '../changes.js';
import { html } from '../html.js';
import { readNames } from '../names.js';
import { ChangeForm } from './ChangeForm.js';

/** @param {{kind: string, id: string, customer: string}} properties customer: whose it is. */
export function NameForm({ kind, id, customer }) {
  const give = async (/** @type {Record<string, string>} */ { name }) => {
    await setRows('names', { kind, id, customer_id: customer, name });
    await readNames();
  };
  return html`<${ChangeForm} isSmall label=${`Name of ${kind} ${id}`} button="Give" onSubmit=${give} fields=${[{ name: 'name', title: 'Name', required: true }]} />`;
}
