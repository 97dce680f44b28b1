// Removes one row of a list, after a second click: nothing brings it back but setting it again.
import { html, useState } from '../html.js';
import { removeRow } from '../changes.js';

/** @param {{list: string, named: import('../changes.js').Fields, title: string}} properties title: what is removed, for people. */
export function Remove({ list, named, title }) {
  const [state, setState] = useState({ isAsked: false, problem: '' });
  const remove = () => removeRow(list, named).then(
    () => setState({ isAsked: false, problem: '' }),
    (error) => setState({ isAsked: false, problem: error.message }),
  );
  if (!state.isAsked)
    return html`<button type="button" class="plain" onClick=${() => setState({ isAsked: true, problem: '' })}>Remove<span class="hidden"> ${title}</span></button>${state.problem && html`<span class="problem" role="alert">${state.problem}</span>`}`;
  return html`<span class="confirm"><button type="button" onClick=${remove}>Remove ${title}</button> <button type="button" class="plain" onClick=${() => setState({ isAsked: false, problem: '' })}>Keep</button></span>`;
}
