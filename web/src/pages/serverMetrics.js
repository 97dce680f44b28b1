// The server's own metrics, from Prometheus' text.

/** @typedef {{rows: Record<string, Record<string, number>>, start: number, memory: number, connections: number, verifiedAt: number | undefined, verifyAgrees: boolean, queueRows: number, spoolBytes: number, lag: number, retries: number}} ServerMetrics */

/** @param {string} text @returns {ServerMetrics} */
export function readMetrics(text) {
  /** @type {ServerMetrics['rows']} */
  const rows = {};
  /** @type {Record<string, number>} */
  const single = {};
  for (const line of text.split('\n')) {
    const found = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!found) continue;
    const [, name, labels, value] = found;
    if (!labels) single[name] = Number(value);
    const row = name === 'optiinfra_rows_total' && /family="(\w+)",outcome="(\w+)"/.exec(labels ?? '');
    if (row) (rows[row[1]] ??= {})[row[2]] = Number(value);
  }
  return {
    rows, start: single.process_start_time_seconds, memory: single.process_resident_memory_bytes, connections: single.optiinfra_http_connections,
    verifiedAt: single.optiinfra_verify_time_seconds, verifyAgrees: single.optiinfra_verify_agrees === 1,
    queueRows: single.optiinfra_writer_queue_rows, spoolBytes: single.optiinfra_writer_spool_bytes, lag: single.optiinfra_writer_lag_seconds, retries: single.optiinfra_writer_retries_total,
  };
}
