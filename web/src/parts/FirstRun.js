// A store without rows: how to send the first one, and a fleet to look around in.
import { Problem, send } from '../ask.js';
import { html, useState } from '../html.js';
import { refresh } from '../live.js';
import { me, seesAll, token } from '../session.js';
import { HOUR, rfc3339 } from '../time.js';
import { Copy } from './How.js';

/** @param {{onRows: () => void}} properties */
export function FirstRun({ onRows }) {
  const [state, setState] = useState({ isBusy: false, problem: '' });
  const mayFill = seesAll.value && me.value?.scope === 'admin' && me.value.takes_rows;
  const fill = async () => {
    setState({ isBusy: true, problem: '' });
    try {
      await send('/api/v1/generated-fleet', { method: 'POST' });
      refresh();
      onRows();
    } catch (error) {
      setState({ isBusy: false, problem: error instanceof Problem ? error.message : String(error) });
    }
  };
  const [id] = useState(() => crypto.randomUUID?.() ?? '550e8400-e29b-41d4-a716-446655440000');
  const command = firstRow(id);
  return html`<section class="first-run">
    <h1>No rows yet</h1>
    <p class="sentence">This store is empty. Send the first row, and its numbers are here about a second later.</p>
    <h2>Send a row</h2>
    <pre tabindex="0"><code>${command}</code></pre>
    <p><${Copy} text=${command} label="Copy the command" /> <a href="/llms.txt" target="_blank">All operations</a></p>
    ${mayFill && html`<h2>Or look around first</h2>
      <p>A generated fleet: a week of six customers, 24 services and their GPUs, 200,000 rows. It takes some seconds, and only an empty store takes it.</p>
      <p><button type="button" class="primary" disabled=${state.isBusy} onClick=${fill}>${state.isBusy ? 'Filling …' : 'Fill with a generated fleet'}</button></p>
      ${state.problem && html`<p class="problem" role="alert">${state.problem}</p>`}`}
  </section>`;
}

/** @param {string} id */
function firstRow(id) {
  const hour = rfc3339(Math.floor(Date.now() / HOUR) * HOUR);
  const header = token.value ? ` \\\n  -H "Authorization: Bearer $TOKEN"` : '';
  return `curl -f '${location.origin}/api/v1/insert/cost?wait=stored' -H 'Content-Type: application/json'${header} --data-binary '
  [{"timestamp": "${hour}", "customer_id": "${id}", "cloud_provider": "aws",
    "service_name": "ec2", "instance_id": "i-1", "cost_per_hour": 32.77, "currency": "USD"}]'`;
}
