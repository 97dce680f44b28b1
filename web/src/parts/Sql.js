// One SQL statement that reads, for admins. The statement is part of the address, so it can be passed on.
import { address, choose } from '../address.js';
import { Problem, send } from '../ask.js';
import { html, useEffect, useState } from '../html.js';
import { save } from './download.js';
import { DataTable } from './DataTable.js';

const FIRST = 'SELECT model_name, sum(request_count) AS requests, max(p95_latency) AS worst_p95_ms\nFROM optiinfra.performance_hourly\nWHERE hour >= now() - INTERVAL 1 DAY\nGROUP BY model_name ORDER BY requests DESC LIMIT 20';

export function Sql() {
  const [state, setState] = useState({ rows: /** @type {any[] | null} */ (null), problem: '', ms: 0, isBusy: false });
  const asked = address.value.sql;
  const run = async (/** @type {string} */ sql) => {
    setState({ rows: null, problem: '', ms: 0, isBusy: true });
    const begin = performance.now();
    try {
      const response = await send('/api/v1/sql', { method: 'POST', headers: { 'Content-Type': 'application/sql' }, body: sql });
      setState({ rows: (await response.json()).data, problem: '', ms: performance.now() - begin, isBusy: false });
    } catch (error) {
      setState({ rows: null, problem: error instanceof Problem ? error.message : String(error), ms: 0, isBusy: false });
    }
  };
  useEffect(() => {
    if (asked) run(asked);
  }, [asked]);
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const sql = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get('sql'));
    if (sql === asked) run(sql);
    else choose({ sql });
  };
  const columns = Object.keys(state.rows?.[0] ?? {}).map((key) => ({ key, title: key, text: (/** @type {any} */ row) => (row[key] === null ? html`<span class="quiet">NULL</span>` : typeof row[key] === 'object' ? JSON.stringify(row[key]) : String(row[key])) }));
  const toCsv = async () => save(await (await send('/api/v1/sql?format=csv', { method: 'POST', body: asked })).blob(), 'rows.csv');
  return html`<form class="sql" onSubmit=${submit}>
      <label>A statement in ClickHouse's dialect over the tables of this store; it can only read. Ctrl-Enter runs it.
        <textarea name="sql" rows="8" spellcheck="false" onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && /** @type {any} */ (event.target).form.requestSubmit()}>${asked ?? FIRST}</textarea></label>
      <p><button class="primary" disabled=${state.isBusy}>Run</button> ${state.rows && html`<span class="quiet">${state.rows.length} rows, ${Math.round(state.ms)} ms</span> <button type="button" class="plain" onClick=${toCsv}>CSV</button>`}</p>
    </form>
    ${state.problem && html`<p class="problem" role="alert">${state.problem}</p>`}
    ${state.rows && (state.rows.length ? html`<div class="panel panel-wide"><${DataTable} name="sql" label="Rows of the statement" rows=${state.rows} columns=${columns} shown=${100} canFilter /></div>` : html`<p class="nothing">No rows.</p>`)}`;
}
