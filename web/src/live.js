// Live updates: the clock of the page moves on, and what is shown is asked for again. Nothing is asked while the page
// is hidden or while the server is known to be away more often than every few seconds.
import { address } from './address.js';
import { unreachableSince } from './ask.js';
import { effect, signal } from './html.js';
import { clock } from './time.js';

const INTERVAL = 30e3, INTERVAL_AWAY = 3e3;

/** Goes up with each round, so that answers about a fixed window are asked for again, too. */
export const round = signal(0);

export const isLive = () => address.value.live !== 'off';

export function refresh() {
  clock.value = Date.now();
  round.value++;
}

export function startLive() {
  let timer = 0;
  effect(() => {
    const interval = unreachableSince.value ? INTERVAL_AWAY : INTERVAL;
    clearInterval(timer);
    if (isLive() || unreachableSince.value) timer = setInterval(() => document.hidden || refresh(), interval);
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && isLive() && Date.now() - clock.value > INTERVAL) refresh();
  });
}
