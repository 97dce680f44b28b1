// The page in a browser, on real servers: what it shows is what the API says, to whom it may.
const assert = require('node:assert/strict');
const { execSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { Server, findBrowser, newFolder, open, openTab, picture, removeFolders, run, settled, table, tile } = require('./support.js');

const found = findBrowser();
if (!found) {
  console.log('chromium or playwright-core is not installed; ./setup --check installs both');
  process.exit(77);
}
const { axe, chromium, executablePath } = found;

const HOUR = 3600e3;
const end = Math.floor(Date.now() / HOUR) * HOUR;
const at = (hoursAgo) => new Date(end - hoursAgo * HOUR).toISOString().replace('.000Z', 'Z');
// A window of whole hours that does not move while the tests run.
const during = `from=${at(24)}&to=${at(0)}`;
// With a currency, first-token times and failures, which the generated fleet has not.
const ACME = '11111111-1111-4111-8111-111111111111', ACME_SERVICE = '22222222-2222-4222-8222-222222222222';
// Pays and is not served.
const QUIET = '33333333-3333-4333-8333-333333333333';

let browser, server, tab, fleet;

before(async () => {
  const folder = newFolder();
  fleet = JSON.parse(run('--url', `embedded:${folder}`, 'generate', '--days', '3', '--rows', '60000', '--seed', '1', '--output', 'json')).data;
  server = await new Server(folder).start();
  await server.insert('cost', [{ timestamp: at(3), customer_id: ACME, cloud_provider: 'aws', service_name: 'ec2', instance_id: 'i-acme', cost_per_hour: 12.5, currency: 'EUR' },
    { timestamp: at(5), customer_id: QUIET, cloud_provider: 'gcp', service_name: 'compute', instance_id: 'i-quiet', cost_per_hour: 3.25 }]);
  await server.insert('performance', Array.from({ length: 40 }, (_, i) => ({ timestamp: at(3), customer_id: ACME, service_id: ACME_SERVICE, model_name: 'acme/tiny', service_type: 'vllm',
    latency_ms: 100 + i, time_to_first_token_ms: 20 + i, inter_token_latency_ms: 5, queue_ms: 3, prefill_ms: 10, decode_ms: 50, prompt_tokens: 100, completion_tokens: 10, status: i < 4 ? 'server_error' : 'ok', finish_reason: 'stop', instance_id: 'i-acme' })));
  const native = await server.ask('/api/v1/me');
  assert.equal(native.may_sql, true);
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  tab = await openTab(browser);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  removeFolders();
});

const totals = async (measures, rest = '') => (await server.ask(`/api/v1/query/metrics?measures=${measures}&${during}${rest}`)).data;
const compact = (value) => new Intl.NumberFormat('en-US', value < 10_000 ? { maximumFractionDigits: 0 } : { notation: 'compact', maximumSignificantDigits: 3 }).format(value);

const PAGES = {
  overview: '', customers: 'page=customers', customer: `page=customer&customer=${ACME}`, services: 'page=services',
  service: `page=service&customer=${ACME}&service=${ACME_SERVICE}`, fleet: 'page=fleet', quality: 'page=quality', objectives: 'page=objectives&time_to_first_token_ms=50', health: 'page=health',
  explore: 'page=explore&measures=cost.total_cost,performance.p95_latency&by=customer', sql: 'page=explore&view=sql&sql=SELECT+1+AS+one',
};

for (const [name, query] of Object.entries(PAGES))
  test(`${name} answers its question, breaks nothing and excludes nobody`, async () => {
    const one = await openTab(browser, { viewport: { width: 1280, height: 900 } });
    await open(one, `${server.url}/?${query}&${during}`);
    if (name !== 'sql') assert.match(await one.locator('.sentence').innerText(), /\w.*[.]$/s);
    assert.deepEqual(await one.locator('[role=alert]').allInnerTexts(), []);
    for (const colorScheme of ['light', 'dark']) {
      await one.emulateMedia({ colorScheme });
      await picture(one, `${name}-1280-${colorScheme}`);
      await one.evaluate(axe);
      // Other colours change contrasts alone, and looking for everything takes seconds.
      const rules = colorScheme === 'light' ? {} : { runOnly: ['color-contrast'] };
      const { violations } = await one.evaluate((more) => axe.run(document, { resultTypes: ['violations'], ...more }), rules);
      const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
      assert.deepEqual(serious.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`)]), [], `${name} in ${colorScheme} colours`);
    }
    await one.setViewportSize({ width: 360, height: 800 });
    await settled(one);
    // Not wider than a phone; charts follow a change of width a moment later.
    await one.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth, null, { timeout: 10_000 });
    await picture(one, `${name}-360-dark`);
    assert.deepEqual(one.complaints, []);
    await one.context().close();
  });

test('the overview shows what the API answers', async () => {
  await open(tab, `${server.url}/?${during}`);
  await open(tab, `${server.url}/?page=customers&${during}`);
  assert.equal((await table(tab, 'All customers')).find(([name]) => name === ACME.slice(0, 8))[1], '€12.50');
  await open(tab, `${server.url}/?${during}`);
  const [all] = await totals('performance.request_count,prompt_tokens,completion_tokens,p95_latency,resource.avg_gpu_util,avg_quality');
  const cost = await totals('total_cost', '&by=currency');
  const main = cost.sort((a, b) => b.total_cost - a.total_cost)[0];
  assert.equal(await tile(tab, 'Cost'), new Intl.NumberFormat('en-US', { style: 'currency', currency: main.currency, maximumFractionDigits: 0 }).format(main.total_cost));
  assert.equal(await tile(tab, 'Requests'), compact(all.total_requests));
  assert.equal(await tile(tab, 'Tokens'), compact(all.prompt_tokens + all.completion_tokens));
  assert.equal(await tile(tab, 'GPUs busy'), `${Math.round(all.avg_gpu_utilization)} %`);
  assert.equal(await tile(tab, 'Quality'), all.avg_quality.toFixed(3));
  // Amounts of two currencies are both said and never added.
  assert.match(await tab.locator('.sentence').innerText(), /€12\.50/);
  const rows = await table(tab, 'Customers by cost');
  const expected = await totals('total_cost', '&by=customer,currency&order=total_cost:desc');
  assert.equal(rows.length, Math.min(8, expected.length));
  assert.equal(rows[0][0], expected[0].customer_name ?? expected[0].customer_id.slice(0, 8));
});

test('a service shows what its question answers', async () => {
  await open(tab, `${server.url}/?page=service&customer=${ACME}&service=${ACME_SERVICE}&${during}`);
  const { data } = await server.ask(`/api/v1/query/performance-p95?customer=${ACME}&service=${ACME_SERVICE}&${during}`);
  assert.equal(await tile(tab, 'Requests'), String(data.total_requests));
  assert.equal(await tile(tab, 'Latency, p95'), `${Math.round(data.p95_latency_ms)} ms`);
  assert.equal(await tile(tab, 'Failed'), '4');
  assert.deepEqual((await table(tab, 'How requests ended')).map(([status, reason, requests]) => [status, reason, requests.trim()]), [['ok', 'stop', '36'], ['server_error', 'stop', '4']]);
});

test('targets are counted as the question counts them', async () => {
  await open(tab, `${server.url}/?page=objectives&time_to_first_token_ms=50&objective=0.9&${during}`);
  const { data } = await server.ask(`/api/v1/query/slo?time_to_first_token_ms=50&objective=0.9&customer=${ACME}&by=customer,service&${during}`);
  const row = (await table(tab, 'Services against the target')).find(([service]) => service === ACME_SERVICE.slice(0, 8));
  assert.deepEqual(row.slice(3, 6), [`${(data[0].attainment * 100).toFixed(2)} %`, String(data[0].good_requests), String(data[0].missed_requests)]);
  assert.match(row[2], /missed/);
});

test('an admin sets and removes an objective and a budget, and reads why one is refused', async () => {
  await open(tab, `${server.url}/?page=objectives&${during}`);
  const objective = tab.getByRole('form', { name: 'Set an objective' });
  await objective.getByLabel('Name', { exact: true }).fill('acme first token');
  await objective.getByLabel('For').selectOption('service');
  await objective.getByLabel('First token within').fill('50');
  await objective.getByRole('button', { name: 'Set' }).click();
  assert.match(await objective.locator('[role=alert]').innerText(), /no service is called ''/);
  await objective.getByLabel('whose name or id is').fill(ACME_SERVICE);
  await objective.getByRole('button', { name: 'Set' }).click();
  const row = tab.locator('#panel-objectives tbody tr', { hasText: 'acme first token' });
  await row.waitFor();
  await settled(tab);
  const { data } = await server.ask(`/api/v1/query/slo?${during}`);
  const answered = data.find((each) => each.objective_name === 'acme first token');
  const cells = await row.locator('th,td').allInnerTexts();
  assert.equal(cells[4], `${(answered.attainment * 100).toFixed(2)} %`);
  assert.match(cells[3], /missed/);
  // The service's own page shows it, as a line of its chart and as a row.
  await open(tab, `${server.url}/?page=service&customer=${ACME}&service=${ACME_SERVICE}&${during}`);
  assert.match(await tab.locator('#panel-service-first-token .legend').textContent(), /acme first token: 99 % within 50 ms/);
  assert.equal((await table(tab, 'Objectives of this service'))[0][0], 'acme first token');
  await open(tab, `${server.url}/?page=objectives&${during}`);
  const budget = tab.getByRole('form', { name: 'Set a budget' });
  await budget.getByLabel('Name', { exact: true }).fill('november');
  await budget.getByLabel('Amount').fill('1000');
  await budget.getByRole('button', { name: 'Set' }).click();
  await tab.locator('#panel-budgets tbody tr', { hasText: 'november' }).getByRole('button', { name: 'Remove' }).click();
  await tab.getByRole('button', { name: 'Remove november' }).click();
  await tab.locator('#panel-budgets tbody tr', { hasText: 'november' }).waitFor({ state: 'detached' });
  await tab.getByRole('button', { name: 'Remove acme' }).click();
  await tab.getByRole('button', { name: 'Remove acme first token' }).click();
  await row.waitFor({ state: 'detached' });
  assert.deepEqual((await server.ask('/api/v1/objectives')).data, []);
});

test('a removal leaves the next row alone, and what is not known is not counted', async () => {
  await server.set('objectives', ['one', 'two'].map((objective) => ({ objective, latency_ms: 10000, share: 0.999 })));
  await server.set('budgets', [{ budget: 'pounds', amount: 10, currency: 'GBP' }, { budget: 'more pounds', amount: 20, currency: 'GBP' }]);
  const { data } = await server.ask('/api/v1/query/budgets');
  assert.deepEqual(data.map(({ state }) => state), ['unknown', 'unknown']);
  // Single requests of that time are no longer kept.
  await open(tab, `${server.url}/?page=objectives&from=${at(24 * 200)}&to=${at(24 * 190)}`);
  assert.match(await tab.locator('.sentence').innerText(), /not known, single requests are no longer kept; whether the budgets will hold is not known/);
  const [old] = await table(tab, 'Objectives');
  assert.equal(old[3], 'not known, single requests are no longer kept');
  assert.match(old[2], /99\.9 % of them/);
  assert.equal(await tile(tab, 'Attainment'), 'not kept');
  for (const [, , state] of await table(tab, 'Budgets of this month')) assert.equal(state, `not known: ${data[0].reason}`);
  // A share alone can be tried.
  await open(tab, `${server.url}/?page=objectives&objective=0.95&${during}`);
  assert.equal(await tab.locator('#title-one-objective').innerText(), 'A target, tried');
  await open(tab, `${server.url}/?page=objectives&${during}`);
  for (const [panel, caption] of [['objectives', 'Objectives'], ['budgets', 'Budgets of this month']]) {
    const [[first], [second]] = await table(tab, caption);
    await tab.locator(`#panel-${panel} tbody`).getByRole('button', { name: `Remove ${first}`, exact: true }).click();
    await tab.locator(`#panel-${panel} .confirm button`).first().click();
    await tab.waitForFunction(([id, name]) => ![...document.querySelectorAll(`#panel-${id} tbody th`)].some((each) => each.textContent === name), [panel, first]);
    await settled(tab);
    assert.deepEqual((await table(tab, caption)).map(([name]) => name), [second]);
    assert.equal(await tab.locator('.confirm').count(), 0, 'nobody asked to remove the next one');
    await fetch(`${server.url}/api/v1/${panel}?${panel.slice(0, -1)}=${encodeURIComponent(second)}`, { method: 'DELETE' });
  }
});

test('data health says what it did not look at', async () => {
  const one = await openTab(browser);
  await one.route('**/metrics', (route) => route.abort());
  // As of a store with more customers than the page asks for.
  await one.route('**/api/v1/customers?*', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), has_more: true } });
  });
  await open(one, `${server.url}/?page=health&${during}`);
  assert.match(await one.locator('#panel-unnamed').innerText(), /of the first 1,000/i);
  const verification = one.locator('section', { has: one.locator('#title-verify') });
  assert.match(await verification.innerText(), /Whether they were compared is not known/);
  await one.unrouteAll({ behavior: 'wait' });
  await one.context().close();
});

test('data health shows refused rows, and names are given where they are missing', async () => {
  const refused = await fetch(`${server.url}/api/v1/insert/cost`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify([{ timestamp: at(3), customer_id: ACME, cloud_provider: 'aws', service_name: 'ec2', cost_per_hour: -7 }]) });
  assert.equal((await refused.json()).rejected.length, 1);
  await open(tab, `${server.url}/?page=health&${during}`);
  assert.match((await table(tab, 'Rows that were refused'))[0].join(' '), /cost_per_hour.*-7 must be/);
  const kept = await table(tab, 'Size and retention');
  assert.equal(kept.find(([name]) => name === 'cost_metrics_ts').at(-1), '90 days');
  const row = tab.locator('#panel-unnamed tbody tr', { hasText: ACME_SERVICE.slice(0, 8) });
  await row.getByRole('textbox', { name: 'Name' }).fill('acme-api');
  await row.getByRole('button', { name: 'Give' }).click();
  await row.waitFor({ state: 'detached' });
  await open(tab, `${server.url}/?page=service&customer=${ACME}&service=${ACME_SERVICE}&${during}`);
  assert.equal(await tab.locator('h1').innerText(), 'Service acme-api');
});

test('a customer has its report to print, and the areas of the treemap lead to customers', async () => {
  await open(tab, `${server.url}/?page=customers&${during}`);
  const areas = await tab.locator('.treemap a').evaluateAll((all) => all.map((each) => each.getAttribute('aria-label')));
  const costs = (await totals('total_cost', '&by=customer,currency')).sort((a, b) => b.total_cost - a.total_cost);
  const main = costs.filter((row) => row.currency === costs[0].currency);
  assert.equal(areas.length, main.length);
  assert.ok(areas[0].startsWith(`${main[0].customer_name}: `), areas[0]);
  await tab.locator('.treemap a').first().focus();
  await tab.keyboard.press('Enter');
  await settled(tab);
  assert.equal(await tab.locator('h1').innerText(), `Customer ${main[0].customer_name}`);
  const report = await tab.getByRole('link', { name: /^Report of .*, to print$/ }).getAttribute('href');
  const printed = await fetch(server.url + report);
  assert.equal(printed.status, 200);
  assert.match(await printed.text(), new RegExp(main[0].customer_name));
});

test('no traffic, not measured, an unknown price and 0 look different', async () => {
  await open(tab, `${server.url}/?page=customer&customer=${QUIET}&${during}`);
  assert.equal(await tile(tab, 'Latency, p95'), 'no traffic');
  assert.equal(await tile(tab, 'Quality'), 'no traffic');
  await open(tab, `${server.url}/?page=service&customer=${ACME}&service=${ACME_SERVICE}&${during}`);
  assert.equal(await tile(tab, 'KV cache in use'), 'not measured');
  assert.equal(await tile(tab, 'Cost of 1M tokens'), 'not attributed');
  await open(tab, `${server.url}/?${during}`);
  const kinds = await tab.locator('.none').evaluateAll((all) => [...new Set(all.map((each) => each.className))]);
  assert.ok(kinds.length >= 1);
});

test('every number says its window, coverage, formula and query', async () => {
  await open(tab, `${server.url}/?${during}`);
  await tab.locator('.tile', { hasText: 'Latency, p95' }).click();
  const dialog = tab.locator('dialog.how');
  const said = await dialog.innerText();
  for (const expected of [/Window/, /UTC/, /performance rows/, /quantilesDD/, /GET \/api\/v1\/query\/metrics\?measures=/]) assert.match(said, expected);
  await picture(tab, 'how-1280-light');
  await tab.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
});

test('dragging over a chart zooms, and the back button undoes it', async () => {
  await open(tab, `${server.url}/?from=now-24h&tz=UTC`);
  const canvas = tab.locator('#panel-latency .u-over');
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  await tab.mouse.move(box.x + box.width * 0.3, box.y + 50);
  await tab.mouse.down();
  await tab.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 5 });
  await tab.mouse.up();
  await tab.waitForURL(/from=\d{4}-/);
  await settled(tab);
  const zoomed = new URL(tab.url()).searchParams;
  const hours = (Date.parse(zoomed.get('to')) - Date.parse(zoomed.get('from'))) / HOUR;
  assert.ok(hours >= 5 && hours <= 10, `${hours} hours`);
  assert.equal(zoomed.get('tz'), 'UTC');
  await tab.goBack();
  await settled(tab);
  assert.equal(new URL(tab.url()).searchParams.get('from'), 'now-24h');
});

test('charts share one cursor, and the keyboard reads their values', async () => {
  await open(tab, `${server.url}/?${during}`);
  await tab.locator('#panel-latency .chart-canvas').focus();
  await tab.keyboard.press('Home');
  await tab.keyboard.press('ArrowRight');
  assert.match(await tab.locator('#panel-latency [aria-live]').innerText(), /p95 \S+/);
  assert.match(await tab.locator('#panel-latency canvas').getAttribute('aria-label'), /p50: from .* to .* on /);
  const legends = await tab.locator('#panel-latency .legend-time, #panel-load .legend-time').allInnerTexts();
  assert.equal(legends[0], legends[1]);
});

test('new numbers take the place of old ones, and nothing moves', async () => {
  await open(tab, `${server.url}/?from=now-24h`);
  await tab.locator('#panel-latency canvas').scrollIntoViewIfNeeded();
  const place = () => tab.evaluate(() => [scrollY, document.documentElement.scrollHeight, ...[...document.querySelectorAll('.panel')].map((each) => Math.round(each.getBoundingClientRect().top))]);
  const before = await place();
  await tab.locator('#panel-latency canvas').evaluate((canvas) => (canvas.dataset.same = 'yes'));
  const answered = tab.waitForResponse((response) => response.url().includes('bucket=hour'));
  await tab.keyboard.press('r');
  assert.equal(await tab.locator('.skeleton').count(), 0);
  await answered;
  await settled(tab);
  assert.equal(await tab.locator('#panel-latency canvas').getAttribute('data-same'), 'yes');
  assert.deepEqual(await place(), before);
});

test('keys open pages and dialogs, and the skip link leads past the side bar', async () => {
  await open(tab, `${server.url}/?${during}`);
  await tab.keyboard.press('Tab');
  assert.match(await tab.evaluate(() => document.activeElement.textContent), /Skip/);
  await tab.keyboard.press('Enter');
  assert.equal(await tab.evaluate(() => document.activeElement.id), 'main');
  await tab.keyboard.press('?');
  assert.equal(await tab.locator('dialog.keys').count(), 1);
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('g');
  await tab.keyboard.press('c');
  await tab.waitForURL(/page=customers/);
  assert.match(tab.url(), /from=/);
});

test('tables sort and filter, and the address keeps the order', async () => {
  await open(tab, `${server.url}/?page=services&${during}`);
  await tab.locator('#panel-services').getByRole('button', { name: 'Latency, p95' }).click();
  const sorted = await table(tab, 'Services');
  await tab.reload();
  await settled(tab);
  assert.deepEqual(await table(tab, 'Services'), sorted);
  const p95 = (await totals('performance.p95_latency', '&by=customer,service,model,server')).map((row) => row.p95_latency_ms).sort((a, b) => b - a)[0];
  assert.ok(sorted[0].some((cell) => cell.startsWith(String((p95 / 1000).toPrecision(3)).replace(/\.?0+$/, ''))), `${sorted[0]} and ${p95}`);
  await tab.locator('#panel-services input[type=search]').fill('acme/tiny');
  const filtered = await table(tab, 'Services');
  assert.equal(filtered.length, 1);
  assert.equal(filtered[0][2], 'tiny');
});

test('a chart is also a table and a CSV file', async () => {
  await open(tab, `${server.url}/?${during}`);
  await tab.locator('#panel-load').getByRole('button', { name: /^Table/ }).click();
  assert.match(tab.url(), /tables=load/);
  const rows = await table(tab, 'Requests');
  const hours = await totals('performance.request_count,error_count', '&bucket=hour');
  assert.equal(Number(rows.at(-1)[1].replace(',', '')), hours[0].total_requests - hours[0].error_count);
  const [download] = await Promise.all([tab.waitForEvent('download'), tab.locator('#panel-load').getByRole('link', { name: /^CSV/ }).click()]);
  const lines = fs.readFileSync(await download.path(), 'utf8').trim().split('\n');
  assert.equal(lines.length, hours.length + 1);
});

test('explore asks any question, and its address repeats it', async () => {
  await open(tab, `${server.url}/?page=explore&${during}`);
  await tab.getByLabel('cost', { exact: true }).first().check();
  await tab.locator('summary', { hasText: 'Split by' }).click();
  await tab.getByLabel('provider', { exact: true }).check();
  await tab.getByLabel('currency', { exact: true }).check();
  await tab.getByLabel('For each').selectOption('none');
  await settled(tab);
  const shown = await table(tab, 'Rows');
  const expected = await totals('total_cost', '&by=provider,currency');
  assert.equal(shown.length, expected.length);
  const address = tab.url();
  const other = await openTab(browser);
  await open(other, address);
  assert.deepEqual(await table(other, 'Rows'), shown);
  await other.context().close();
  await tab.getByRole('button', { name: 'SQL' }).click();
  await tab.locator('textarea').fill('SELECT count() AS requests FROM optiinfra.performance_metrics_ts');
  await tab.getByRole('button', { name: 'Run' }).click();
  await tab.locator('table.data').waitFor();
  const [[requests]] = await table(tab, 'Rows of the statement');
  assert.ok(Number(requests) > 1000);
  await tab.locator('textarea').fill('DROP TABLE optiinfra.performance_metrics_ts');
  await tab.getByRole('button', { name: 'Run' }).click();
  assert.match(await tab.locator('.problem').innerText(), /readonly|only read|Cannot execute/i);
});

test('customers have the names that the store keeps', async () => {
  const named = await fetch(`${server.url}/api/v1/names`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ kind: 'customer', name: 'quiet-co', id: QUIET }) });
  assert.equal(named.status, 200, await named.text());
  await open(tab, `${server.url}/?page=customers&${during}`);
  await tab.getByRole('link', { name: 'quiet-co' }).first().click();
  await settled(tab);
  assert.equal(await tab.locator('h1').innerText(), 'Customer quiet-co');
});

test('numbers are written in the language of the reader', async () => {
  const german = await openTab(browser, { locale: 'de-DE' });
  await open(german, `${server.url}/?${during}`);
  const [all] = await totals('avg_quality,performance.request_count');
  assert.equal(await tile(german, 'Quality'), all.avg_quality.toFixed(3).replace('.', ','));
  await open(german, `${server.url}/?page=objectives&latency_ms=10000&objective=0.9&${during}`);
  const { data: [tried] } = await server.ask(`/api/v1/query/slo?latency_ms=10000&objective=0.9&${during}`);
  assert.equal(await tile(german, 'Burn rate'), new Intl.NumberFormat('de-DE', { maximumSignificantDigits: 3 }).format(tried.burn_rate));
  await german.context().close();
});

test('a restart of the server under an open page is said, and forgotten when it is over', async () => {
  await open(tab, `${server.url}/?from=now-24h`);
  const requests = await tile(tab, 'Requests');
  await server.stop();
  await tab.keyboard.press('r');
  await tab.locator('.stale').waitFor();
  assert.equal(await tile(tab, 'Requests'), requests);
  await picture(tab, 'away-1280-light');
  await server.start();
  await tab.locator('.stale').waitFor({ state: 'detached', timeout: 15_000 });
  await settled(tab);
});

test('a token of one customer shows that customer alone; a token that is not known leads to the sign-in', async () => {
  const folder = path.dirname(server.folder);
  fs.writeFileSync(path.join(folder, 'password'), 'secret\n', { mode: 0o600 });
  await server.stop();
  const bound = await new Server(server.folder, ['--user', 'ada', '--password-file', path.join(folder, 'password')]).start();
  try {
    const token = run('token', 'create', '--path', bound.folder, '--name', 'acme', '--customer', ACME).trim();
    const one = await openTab(browser);
    const target = `${bound.url}/?page=customers&${during}`;
    await one.goto(target);
    await one.getByLabel('Token').fill('not-a-token');
    await one.getByRole('button', { name: 'Open' }).click();
    await one.getByText('is not known here').waitFor();
    await picture(one, 'sign-in-1280-light');
    await one.getByLabel('Token').fill(token);
    await one.getByRole('button', { name: 'Open' }).click();
    await one.locator('.panel').first().waitFor();
    await settled(one);
    await picture(one, 'bound-1280-light');
    assert.equal(one.url(), target);
    assert.deepEqual((await table(one, 'All customers')).map(([name]) => name), [ACME.slice(0, 8)]);
    for (const name of ['fleet', 'quality', 'services', 'health', 'overview']) {
      await open(one, `${bound.url}/?page=${name}&${during}`);
      const text = await one.locator('main').innerText();
      for (const { customer_id, customer } of fleet.services) assert.ok(!text.includes(customer_id.slice(0, 8)) && !text.includes(customer), `${name} names ${customer}`);
    }
    await open(one, `${bound.url}/?page=explore&${during}`);
    assert.equal(await one.getByRole('button', { name: 'SQL' }).count(), 0);
    await one.locator('summary', { hasText: 'performance' }).click();
    await one.getByRole('checkbox', { name: /^requests/ }).first().check();
    await settled(one);
    const [download] = await Promise.all([one.waitForEvent('download'), one.locator('#panel-rows').getByRole('link', { name: /^CSV/ }).click()]);
    assert.match(fs.readFileSync(await download.path(), 'utf8'), /40/);
    // Revoked under the open page.
    run('token', 'revoke', '--path', bound.folder, '--name', 'acme');
    await one.waitForTimeout(1100);
    await one.locator('.fresh button').click();
    await one.getByText('was revoked').waitFor();
    assert.deepEqual(one.complaints, []);
    await one.context().close();
  } finally {
    await bound.stop();
    await server.start();
  }
});

test('an empty store says how to send the first row, and the command works', async () => {
  const empty = await new Server(newFolder()).start();
  try {
    const one = await openTab(browser);
    await one.goto(empty.url);
    const command = await one.locator('.first-run pre').innerText();
    assert.ok(command.includes(`${empty.url}/api/v1/insert/cost`));
    await picture(one, 'empty-1280-light');
    execSync(command, { stdio: 'pipe', shell: '/bin/bash' });
    await one.keyboard.press('r');
    await one.locator('.tiles').waitFor({ timeout: 10_000 });
    await settled(one);
    assert.equal(await tile(one, 'Cost'), '$32.77');
    const refused = await fetch(`${empty.url}/api/v1/generated-fleet`, { method: 'POST' });
    assert.equal(refused.status, 409);
    await one.context().close();
  } finally {
    await empty.stop();
  }
});

test('an empty store is filled with a generated fleet by one button', async () => {
  const empty = await new Server(newFolder()).start();
  try {
    const one = await openTab(browser);
    await one.goto(empty.url);
    await one.getByRole('button', { name: 'Fill with a generated fleet' }).click();
    await one.locator('.tiles').waitFor({ timeout: 90_000 });
    await settled(one);
    assert.notEqual(await tile(one, 'Cost of 1M tokens'), 'not attributed');
    assert.deepEqual(one.complaints, []);
    await one.context().close();
  } finally {
    await empty.stop();
  }
});

test('the page is small, kept by the browser, and leaves no request to others', async () => {
  const one = await openTab(browser);
  let bytes = 0;
  const sizes = [];
  one.on('response', (response) => /\/page\/|\/$|\/\?/.test(response.url().slice(server.url.length)) && !response.url().includes('/api/') && sizes.push(response.request().sizes().then((each) => (bytes += each.responseBodySize))));
  await open(one, `${server.url}/?${during}`);
  await Promise.all(sizes);
  assert.ok(bytes > 50_000 && bytes < 150_000, `${bytes} bytes`);
  const html = await (await fetch(server.url)).text();
  const script = /src="(\/page\/[0-9a-f]{16}\/src\/application\.js)"/.exec(html)[1];
  const kept = await fetch(server.url + script);
  assert.match(kept.headers.get('cache-control'), /immutable/);
  assert.match(kept.headers.get('content-security-policy'), /default-src 'none'; script-src 'self'/);
  const again = await fetch(server.url + script, { headers: { 'If-None-Match': kept.headers.get('etag') } });
  assert.equal(again.status, 304);
  await one.context().close();
});
