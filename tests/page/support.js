// What the tests of the page share: a server on a store of its own, a browser, and what the API says.
const { spawn, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const program = process.env.OPTIINFRA_PROGRAM;
const pictures = process.env.OPTIINFRA_PICTURES;

/** A browser and what drives it, or null: then the tests are skipped. */
function findBrowser() {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(fs.existsSync);
  try {
    return executablePath && { ...require('playwright-core'), axe: fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'), executablePath };
  } catch {
    return null;
  }
}

const run = (...parameters) => execFileSync(program, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

const folders = [];
/** A folder for a store, below a temporary one; removed by removeFolders(). */
function newFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'optiinfra-page-'));
  folders.push(folder);
  return path.join(folder, 'store');
}
const removeFolders = () => folders.forEach((folder) => fs.rmSync(folder, { recursive: true, force: true }));

/** `optiinfra server` on a folder. */
class Server {
  constructor(folder, parameters = []) {
    this.folder = folder;
    this.parameters = parameters;
    this.port = 0;
  }
  /** Starts it, again on the port that it had. */
  async start() {
    this.process = spawn(program, ['server', '--path', this.folder, '--tcp-port', '0', '--http-port', '0', '--api-port', String(this.port), '--no-attribution', ...this.parameters], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '', complained = '';
    this.process.stderr.on('data', (text) => (complained += text));
    await new Promise((resolve, reject) => {
      this.process.stdout.on('data', (text) => /ready .*\n/.test((said += text)) && resolve());
      this.process.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${complained}`)));
    });
    this.port = Number(/api=\S+:(\d+)/.exec(said)[1]);
    this.url = `http://127.0.0.1:${this.port}`;
    this.clickhousePort = Number(/http=\S+:(\d+)/.exec(said)?.[1]);
    return this;
  }
  async stop() {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await ended;
  }
  async ask(target, headers = {}) {
    const response = await fetch(this.url + target, { headers });
    if (!response.ok) throw new Error(`${target}: ${response.status} ${await response.text()}`);
    return response.json();
  }
  /** Sets rows of a list that admins keep: objectives, budgets, prices. */
  async set(list, rows) {
    const response = await fetch(`${this.url}/api/v1/${list}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(rows) });
    if (!response.ok) throw new Error(await response.text());
  }
  async insert(family, rows) {
    const response = await fetch(`${this.url}/api/v1/insert/${family}?wait=stored`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(rows) });
    const answer = await response.json();
    if (!response.ok || answer.rejected.length) throw new Error(JSON.stringify(answer));
  }
}

/** A tab. What its console complains about is kept, because nothing on the page may break the page's policy. */
async function openTab(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US', timezoneId: 'UTC', acceptDownloads: true, ...options });
  const tab = await context.newPage();
  tab.complaints = [];
  tab.on('pageerror', (error) => tab.complaints.push(error.message));
  tab.on('console', (message) => message.type() === 'error' && !/status of 4\d\d|ERR_CONNECTION/.test(message.text()) && tab.complaints.push(message.text()));
  tab.on('request', (request) => {
    if (!/^(http:\/\/127\.0\.0\.1:|blob:|data:)/.test(request.url())) tab.complaints.push(`asked another host: ${request.url()}`);
  });
  return tab;
}

/** Waits until the page has drawn all that it asked for. */
async function settled(tab, timeout = 20_000) {
  await tab.waitForFunction(() => document.querySelector('main h1') && !document.querySelector('.skeleton') && !document.querySelector('main [aria-busy=true]'), null, { timeout });
}

async function open(tab, url) {
  await tab.goto(url);
  await settled(tab);
}

async function picture(tab, name) {
  if (!pictures) return;
  fs.mkdirSync(pictures, { recursive: true });
  await tab.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
}

/** The text of a tile's value. */
const tile = (tab, label) => tab.locator('.tile', { has: tab.locator('.tile-label', { hasText: new RegExp(`^${label}$`) }) }).locator('.tile-value').innerText();

/** Rows of a table by its caption: arrays of the cells' texts. */
const table = (tab, caption) =>
  tab.locator('table', { has: tab.locator('caption', { hasText: caption }) }).first().locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.innerText.trim())));

module.exports = { Server, findBrowser, newFolder, open, openTab, picture, removeFolders, run, settled, table, tile };
