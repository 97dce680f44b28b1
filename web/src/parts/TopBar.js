// The time that is shown, how it is refreshed, and the reader's choices.
import { address, choose } from '../address.js';
import { unreachableSince } from '../ask.js';
import { timeText, windowText, zone } from '../format.js';
import { html, useState } from '../html.js';
import { isLive, refresh } from '../live.js';
import { me, signOut, token } from '../session.js';
import { chooseTheme, themeChoice } from '../theme.js';
import { DEFAULT_FROM, PRESETS, clock, lengthText, shownWindow } from '../time.js';

export function TopBar() {
  const from = address.value.from ?? DEFAULT_FROM, to = address.value.to ?? 'now';
  const isPreset = to === 'now' && PRESETS.some((each) => each.from === from);
  const [isExact, setIsExact] = useState(false);
  const onPreset = (/** @type {any} */ event) => {
    if (event.target.value === 'exact') return setIsExact(true);
    setIsExact(false);
    choose({ from: event.target.value === DEFAULT_FROM ? undefined : event.target.value, to: undefined });
  };
  return html`<header class="top-bar">
    <div class="window-picker">
      <label>Time <select value=${isPreset && !isExact ? from : 'exact'} onChange=${onPreset}>
        ${PRESETS.map((each) => html`<option value=${each.from}>Last ${each.label}</option>`)}
        <option value="exact">Exact times …</option>
      </select></label>
      ${(isExact || !isPreset) && html`<${ExactTimes} close=${() => setIsExact(false)} />`}
      ${!isPreset && html`<button type="button" onClick=${() => history.back()}>Back</button>`}
      ${isPreset && !isExact && html`<span class="window-text">${windowText(shownWindow.value)}</span>`}
    </div>
    <div class="choices">
      <${Freshness} />
      <label><span class="hidden">Time zone </span><select value=${address.value.tz ?? 'local'} onChange=${(/** @type {any} */ event) => choose({ tz: event.target.value === 'local' ? undefined : event.target.value }, true)}>
        <option value="local">Local time</option><option value="UTC">UTC</option>
        ${!['local', 'UTC', undefined].includes(address.value.tz) && html`<option value=${address.value.tz}>${zone.value}</option>`}
      </select></label>
      <label><span class="hidden">Colours </span><select value=${themeChoice.value} onChange=${(/** @type {any} */ event) => chooseTheme(event.target.value)}>
        <option value="system">System colours</option><option value="light">Light</option><option value="dark">Dark</option>
      </select></label>
      ${token.value && html`<button type="button" onClick=${signOut} title=${`Token ${me.value?.name ?? ''}`}>Sign out</button>`}
    </div>
  </header>`;
}

/** Two fields for a window; times are in the zone that the page shows only when that is this computer's, else UTC. @param {{close: () => void}} properties */
function ExactTimes({ close }) {
  const window = shownWindow.value;
  const text = (/** @type {number} */ ms) => new Date(ms).toISOString().slice(0, 16);
  const apply = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const begin = String(form.get('begin')), end = String(form.get('end'));
    if (!(Date.parse(`${begin}Z`) < Date.parse(`${end}Z`))) return;
    choose({ from: `${begin}:00Z`, to: `${end}:00Z` });
    close();
  };
  return html`<form class="exact" onSubmit=${apply}>
    <label>from <input type="datetime-local" name="begin" value=${text(window.begin)} required /></label>
    <label>to <input type="datetime-local" name="end" value=${text(window.end)} required /></label> <span class="quiet">UTC</span>
    <button>Show</button>
  </form>`;
}

/** How old the numbers are, and a button for newer ones. */
function Freshness() {
  if (unreachableSince.value)
    return html`<span class="stale" role="alert">The server does not answer; numbers are from ${timeText(unreachableSince.value, { timeStyle: 'short' })}, ${lengthText(Math.max(0, Date.now() - unreachableSince.value))} ago.
      <button type="button" onClick=${refresh}>Try again</button></span>`;
  return html`<span class="fresh"><label><input type="checkbox" checked=${isLive()} onChange=${() => choose({ live: isLive() ? 'off' : undefined }, true)} /> Live</label>
    <button type="button" onClick=${refresh} title="Ask again now">${timeText(clock.value, { timeStyle: 'short' })}<span class="hidden">, refresh</span></button></span>`;
}
