// A form by which an admin changes what the store keeps; what the server refuses stands below it.
import { html, useState } from '../html.js';

/**
 * @typedef {{name: string, title: string, unit?: string, type?: 'text' | 'number', required?: boolean, value?: string | number, hint?: string, min?: string, max?: string,
 *   options?: [string, string][]}} Field options: values and what they are called; without them the field takes text or a number.
 * @param {{label: string, fields: Field[], button: string, isSmall?: boolean, onSubmit: (fields: Record<string, string>) => Promise<void>}} properties
 *   label: for screen readers. onSubmit: gets the fields that are not empty; its error is shown.
 */
export function ChangeForm({ label, fields, button, isSmall = false, onSubmit }) {
  const [state, setState] = useState({ isBusy: false, problem: '', isDone: false });
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    setState({ isBusy: true, problem: '', isDone: false });
    try {
      await onSubmit(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value !== '')));
      form.reset();
      setState({ isBusy: false, problem: '', isDone: true });
    } catch (error) {
      setState({ isBusy: false, problem: /** @type {Error} */ (error).message, isDone: false });
    }
  };
  return html`<form class=${isSmall ? 'change-form small' : 'change-form'} aria-label=${label} onSubmit=${submit}>
    ${fields.map((field) => html`<label key=${field.name} title=${field.hint}><span class=${isSmall ? 'hidden' : ''}>${field.title}</span> <span><${Input} field=${field} isSmall=${isSmall} />${field.unit && ` ${field.unit}`}</span></label>`)}
    <button disabled=${state.isBusy}>${button}</button>
    ${state.problem && html`<p class="problem" role="alert">${state.problem}</p>`}
    <span class="quiet" role="status">${state.isDone && 'Done'}</span>
  </form>`;
}

/** @param {{field: Field, isSmall: boolean}} properties */
function Input({ field, isSmall }) {
  const { name, title, type = 'text', required, value, min, max, options } = field;
  if (options) return html`<select name=${name}>${options.map(([each, text]) => html`<option value=${each}>${text}</option>`)}</select>`;
  return html`<input name=${name} type=${type} required=${required} step="any" min=${min} max=${max} value=${value} placeholder=${isSmall ? title : undefined} autocomplete="off" />`;
}
