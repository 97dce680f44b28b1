// The server asks for a token: where one is needed, was revoked or is not known.
import { html } from '../html.js';
import { refusal, signIn } from '../session.js';

export function SignIn() {
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    signIn(String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get('token')));
  };
  return html`<form class="sign-in" onSubmit=${submit}>
    <h1>OptiInfra metrics</h1>
    <p role="alert">${refusal.value}</p>
    <label>Token <input type="password" name="token" autocomplete="current-password" required autofocus /></label>
    <button>Open</button>
    <p class="quiet">The operator of this server makes one with <code>optiinfra token create --name NAME</code>. It stays in this tab and is forgotten when the tab is closed.</p>
  </form>`;
}
