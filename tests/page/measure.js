// measure.js FOLDER [SERVICES] [DAYS] [LIVE_MINUTES]: how long a reader waits for the overview of a large store, what each of its
// requests takes, and what live updates leave in memory. Makes the store in FOLDER where there is none: a generated fleet, its
// rows copied to so many services, day by day, so that a run that was ended goes on. By hand, by tests/page/measure.sh; the numbers are those of docs/dashboard.md.
const fs = require('node:fs');
const os = require('node:os');
const { Server, findBrowser, openTab, run, settled } = require('./support.js');

const { chromium, executablePath } = findBrowser();
const [folder, services = '10000', days = '30', liveMinutes = '10'] = process.argv.slice(2);
const DAYS = Number(days), ROUNDS = 10, ROUNDS_LONG = 3;
/** A busy machine takes long. */
const PATIENCE = 180_000;
/** What the generated fleet has. */
const SERVICES_OF_FLEET = 24;
/** Rows that are copied: one request of each service and hour, and all charges. */
const COPIED = [['performance_metrics_ts', 'LIMIT 1 BY service_id, toStartOfHour(timestamp)'], ['cost_metrics_ts', '']];

const at = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const say = (name, values, unit = 'ms') => console.log(`${name}: p50 ${Math.round(at(values, 0.5))} ${unit}, p95 ${Math.round(at(values, 0.95))} ${unit}, of ${values.length}`);

/** A statement that writes: by the server's ClickHouse port, since the API only reads. */
async function write(server, sql) {
  const response = await fetch(`http://127.0.0.1:${server.clickhousePort}/?database=optiinfra`, { method: 'POST', body: sql });
  if (!response.ok) throw new Error(await response.text());
}

const read = async (server, sql) => (await fetch(`${server.url}/api/v1/sql`, { method: 'POST', body: sql })).json();

async function copyRows(server) {
  const copies = Math.ceil(Number(services) / SERVICES_OF_FLEET);
  const other = (column) => `toUUID(UUIDNumToString(sipHash128(toString(${column}), n))) AS ${column}`;
  for (let day = 0; day <= DAYS; day++)
    for (const [table, limit] of COPIED) {
      const { data: [{ count }] } = await read(server, `SELECT uniq(customer_id) AS count FROM optiinfra.${table} WHERE toDate(timestamp) = toDate(now()) - ${day}`);
      if (count > SERVICES_OF_FLEET) continue;
      await write(server, `INSERT INTO ${table} SELECT * EXCEPT n REPLACE (${[other('customer_id'), ...(table.startsWith('perf') ? [other('service_id')] : [])].join(', ')})
        FROM (SELECT * FROM ${table} WHERE toDate(timestamp) = toDate(now()) - ${day} ${limit}) AS r CROSS JOIN (SELECT number + 1 AS n FROM numbers(${copies - 1})) AS copies`);
    }
}

/** Processor time of the server in milliseconds, which other programs of a busy machine change least. */
function processorTime(server) {
  const fields = fs.readFileSync(`/proc/${server.process.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function overview(browser, server, query) {
  const one = await openTab(browser);
  const requests = [];
  one.on('requestfinished', async (request) => request.url().includes('/api/') && requests.push([request.url().slice(server.url.length), request.timing().responseEnd]));
  const begin = performance.now(), processorBegin = processorTime(server);
  await one.goto(`${server.url}/?${query}`);
  await one.locator('.tile-value').first().waitFor({ timeout: PATIENCE });
  const firstNumber = performance.now() - begin;
  await settled(one, PATIENCE);
  const took = performance.now() - begin;
  const paint = await one.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0);
  await one.context().close();
  return { took, firstNumber, paint, processor: processorTime(server) - processorBegin, requests };
}

async function live(browser, server) {
  const one = await openTab(browser);
  await one.goto(`${server.url}/?from=now-24h`);
  await settled(one, PATIENCE);
  const session = await one.context().newCDPSession(one);
  const heap = async () => {
    await session.send('HeapProfiler.collectGarbage');
    return (await session.send('Runtime.getHeapUsage')).usedSize / 1e6;
  };
  let count = 0, bytes = 0;
  one.on('requestfinished', async (request) => {
    count++;
    bytes += (await request.sizes()).responseBodySize;
  });
  await one.waitForTimeout(40_000);
  const before = await heap();
  count = bytes = 0;
  await one.waitForTimeout(Number(liveMinutes) * 60_000);
  console.log(`${liveMinutes} minutes of live updates: ${before.toFixed(2)} MB of JavaScript before, ${(await heap()).toFixed(2)} MB after; ${count} requests, ${Math.round(bytes / 1e3)} kB`);
  await one.context().close();
}

(async () => {
  if (!fs.existsSync(folder)) run('--url', `embedded:${folder}`, 'generate', '--days', String(DAYS), '--rows', '1200000', '--seed', '1');
  const server = await new Server(folder).start();
  try {
    await copyRows(server);
    console.log(`${(await server.ask('/api/v1/services?limit=100000')).data.length} services, ${DAYS} days; load of the machine ${os.loadavg().map((each) => each.toFixed(1)).join(' ')}`);
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    for (const [query, rounds] of [['from=now-24h', ROUNDS], [`from=now-${DAYS}d`, ROUNDS_LONG]]) {
      const all = [];
      await overview(browser, server, query);
      for (let i = 0; i < rounds; i++) all.push(await overview(browser, server, query));
      console.log(`\nOverview, ${query}`);
      say('first paint', all.map((each) => each.paint));
      say('first number', all.map((each) => each.firstNumber));
      say('complete', all.map((each) => each.took));
      say('processor time of the server', all.map((each) => each.processor));
      const byPath = new Map();
      for (const [url, ms] of all.flatMap((each) => each.requests)) {
        const asked = new URL(url, server.url);
        const name = `${asked.pathname} ${['measures', 'by', 'bucket'].map((key) => asked.searchParams.get(key)).filter(Boolean).join(' ').slice(0, 70)}`;
        byPath.set(name, [...(byPath.get(name) ?? []), ms]);
      }
      for (const [name, values] of [...byPath].sort((a, b) => at(b[1], 0.95) - at(a[1], 0.95))) say(`  ${name}`, values);
    }
    await live(browser, server);
    console.log(`load at the end ${os.loadavg().map((each) => each.toFixed(1)).join(' ')}`);
    await browser.close();
  } finally {
    await server.stop();
  }
})();
