// The page: side bar, top bar, and the page that the address names.
import { address, page } from './address.js';
import { ask, Problem, send, whenQuiet } from './ask.js';
import { readCatalogue } from './catalogue.js';
import { locale } from './format.js';
import { html, render, useEffect, useState } from './html.js';
import { round, startLive } from './live.js';
import { readNames } from './names.js';
import { me, refusal, token } from './session.js';
import { Customer } from './pages/Customer.js';
import { Customers } from './pages/Customers.js';
import { DataHealth } from './pages/DataHealth.js';
import { Explore } from './pages/Explore.js';
import { Fleet } from './pages/Fleet.js';
import { Objectives } from './pages/Objectives.js';
import { Overview } from './pages/Overview.js';
import { Quality } from './pages/Quality.js';
import { Service } from './pages/Service.js';
import { Services } from './pages/Services.js';
import { FirstRun } from './parts/FirstRun.js';
import { How } from './parts/How.js';
import { Keys } from './parts/Keys.js';
import { PAGES, SideBar } from './parts/SideBar.js';
import { SignIn } from './parts/SignIn.js';
import { TopBar } from './parts/TopBar.js';

const SHOWN = /** @type {Record<string, any>} */ ({
  overview: Overview, customers: Customers, customer: Customer, services: Services, service: Service,
  fleet: Fleet, quality: Quality, objectives: Objectives, health: DataHealth, explore: Explore,
});

/** Until a page has asked its questions, in milliseconds. */
const PAGE_ASKS = 200;

function Application() {
  const start = useStart();
  useEffect(() => {
    const title = PAGES.find((each) => each.name === page.value || each.isAlso === page.value)?.title ?? 'Overview';
    document.title = `${title} – OptiInfra metrics`;
    document.documentElement.lang = 'en';
    void locale.value;
  }, [page.value]);
  if (refusal.value) return html`<${SignIn} />`;
  if (start.problem) return html`<main class="sign-in"><h1>OptiInfra metrics</h1><p role="alert">${start.problem}</p></main>`;
  if (!me.value) return html`<main class="sign-in" aria-busy="true"><p class="quiet">Opening …</p></main>`;
  const Shown = SHOWN[page.value] ?? NoSuchPage;
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the numbers</a>
    <${SideBar} />
    <div class="body">
      <${TopBar} />
      <main id="main" tabindex="-1">${start.isEmpty && page.value !== 'health' ? html`<${FirstRun} onRows=${start.look} />` : html`<${Shown} key=${page.value + (address.value.customer ?? '') + (address.value.service ?? '')} />`}</main>
    </div>
    <${How} /><${Keys} />`;
}

/** Who asks, what the server knows, and whether there is anything to show. The page does not wait for the latter two. */
function useStart() {
  const [isEmpty, setIsEmpty] = useState(/** @type {boolean | null} */ (null));
  const [problem, setProblem] = useState('');
  const look = async () => {
    try {
      if (!me.value) {
        me.value = await (await send('/api/v1/me')).json();
        void readCatalogue().catch(() => {});
      }
      void readNames().catch(() => {});
      // A large store counts for half a second, and its numbers come first.
      await new Promise((resolve) => setTimeout(resolve, PAGE_ASKS));
      await whenQuiet();
      if (isEmpty !== false) setIsEmpty((await ask('/api/v1/customers', { limit: 1 })).rows.length === 0);
      setProblem('');
    } catch (error) {
      if (me.value === null || !(error instanceof Problem)) setProblem(/** @type {Error} */ (error).message);
    }
  };
  useEffect(() => {
    if (!refusal.value) look();
  }, [token.value, refusal.value, round.value]);
  return { isEmpty, problem, look };
}

const NoSuchPage = () => html`<h1>No such page</h1><p>The side bar names those that there are.</p>`;

/** @param {MouseEvent} event */
function skip(event) {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

startLive();
render(html`<${Application} />`, document.body);
