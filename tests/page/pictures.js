// The pictures of docs/dashboard.md, for pictures.sh.
const fs = require('node:fs');
const path = require('node:path');
const { Server, findBrowser, newFolder, open, openTab, removeFolders, run } = require('./support.js');

const { chromium, executablePath } = findBrowser();

(async () => {
  const folder = newFolder(), url = `embedded:${folder}`;
  run('--url', url, 'generate', '--days', '4', '--rows', '150000', '--seed', '1');
  run('--url', url, 'attribute', '--from', 'now-25h');
  const server = await new Server(folder).start();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const services = (await server.ask('/api/v1/services')).data;
  const busiest = services.sort((a, b) => b.performance_rows - a.performance_rows)[0];
  await server.set('objectives', [{ objective: 'whole answer', latency_ms: 15000, share: 0.9, period_days: 2 }, { objective: 'first token', scope: 'service', scope_id: busiest.service_id, time_to_first_token_ms: 600, share: 0.98, period_days: 2 }]);
  await server.set('budgets', [{ budget: 'fleet', amount: 120000, currency: 'USD' }, { budget: busiest.customer_name, scope: 'customer', scope_id: busiest.customer_id, amount: 30000, currency: 'USD' }]);
  for (const [name, query, colorScheme, height] of [
    ['overview', '', 'light', 860], ['fleet', 'page=fleet', 'dark', 900],
    ['service', `page=service&customer=${busiest.customer_id}&service=${busiest.service_id}`, 'light', 900],
    ['objectives', 'page=objectives', 'light', 900],
  ]) {
    const tab = await openTab(browser, { colorScheme, viewport: { width: 1280, height } });
    await open(tab, `${server.url}/?${query}`);
    await tab.screenshot({ path: path.join(process.argv[2], `${name}.png`) });
    await tab.context().close();
  }
  await browser.close();
  await server.stop();
  removeFolders();
  for (const file of fs.readdirSync(process.argv[2])) console.log(file, fs.statSync(path.join(process.argv[2], file)).size);
})();
