// otel_exporters.js API_URL: spans of LLM requests and results of evaluations, sent by npm's OpenTelemetry exporters in
// protobuf and in JSON, with and without gzip; then asks the service for the rows. Ends with 77 where a package is
// not installed.
const { gzipSync } = require("zlib");
let trace, logs, resources, exporters;
try {
  trace = require("@opentelemetry/sdk-trace-base");
  logs = require("@opentelemetry/sdk-logs");
  resources = require("@opentelemetry/resources");
  exporters = {
    proto: { Trace: require("@opentelemetry/exporter-trace-otlp-proto").OTLPTraceExporter,
             Log: require("@opentelemetry/exporter-logs-otlp-proto").OTLPLogExporter },
    json: { Trace: require("@opentelemetry/exporter-trace-otlp-http").OTLPTraceExporter,
            Log: require("@opentelemetry/exporter-logs-otlp-http").OTLPLogExporter } };
} catch (error) {
  console.error(`${error.message.split("\n")[0]}; ./setup --check installs it`);
  process.exit(77);
}

const start = Math.floor(Date.now() / 3600000) * 3600000 - 3600000;

function expect(found, wanted, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a}, not ${b}`);
  console.log(`${what}: ${a}`);
}

async function sql(url, statement) {
  const response = await fetch(`${url}/api/v1/sql`, { method: "POST", body: statement });
  const body = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(body));
  return body.data;
}

/** Rows are in their tables about a second after they were accepted. */
async function eventually(url, statement, wanted, what) {
  let found;
  for (const end = Date.now() + 30000; Date.now() < end; await new Promise((done) => setTimeout(done, 200))) {
    found = await sql(url, statement);
    if (JSON.stringify(found) === JSON.stringify(wanted)) break;
  }
  expect(found, wanted, what);
}

/** An exporter that remembers what became of each export. */
function watched(exporter, results) {
  const plain = exporter.export.bind(exporter);
  exporter.export = (items, done) => plain(items, (result) => { results.push(result); done(result); });
  return exporter;
}

async function sendSpans(url, encoding, compression, results) {
  const exporter = watched(new exporters[encoding].Trace({ url: `${url}/v1/traces`, compression }), results);
  const kept = new trace.InMemorySpanExporter();
  const provider = new trace.BasicTracerProvider({
    resource: resources.resourceFromAttributes({ "service.name": `chat-${encoding}-${compression}`, "host.id": "i-1" }),
    spanProcessors: [new trace.SimpleSpanProcessor(exporter), new trace.SimpleSpanProcessor(kept)] });
  const tracer = provider.getTracer("client");
  for (let i = 0; i < 3; ++i) {
    const span = tracer.startSpan("chat llama", { startTime: start + i * 1000, attributes: {
      "gen_ai.operation.name": "chat", "gen_ai.response.model": "llama", "gen_ai.usage.input_tokens": 100,
      "gen_ai.usage.output_tokens": 10 + i, "gen_ai.response.finish_reasons": ["stop"], "tenant.id": "acme" } });
    span.end(start + i * 1000 + 500);
  }
  tracer.startSpan("GET /", { startTime: start }).end(start + 1);
  await provider.forceFlush();
  // A sender that did not get the answer sends the same again: it counts once.
  for (let i = 0; i < 2; ++i)
    await new Promise((done) => exporter.export(kept.getFinishedSpans().slice(0, 1), done));
  await provider.shutdown();
}

async function sendEvaluations(url, encoding, compression, results) {
  const exporter = watched(new exporters[encoding].Log({ url: `${url}/v1/logs`, compression }), results);
  const provider = new logs.LoggerProvider({
    resource: resources.resourceFromAttributes({ "service.name": `chat-${encoding}-${compression}` }),
    processors: [new logs.SimpleLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger("judge");
  for (let i = 0; i < 2; ++i)
    logger.emit({ eventName: "gen_ai.evaluation.result", timestamp: start + i * 1000, attributes: {
      "gen_ai.evaluation.name": "relevance", "gen_ai.evaluation.score.value": 0.25 + 0.5 * i,
      "gen_ai.response.id": `r-${i}`, "tenant.id": "acme" } });
  logger.emit({ body: "something else" });
  await provider.forceFlush();
  await provider.shutdown();
}

async function refused(url) {
  const post = async (path, type, body, headers = {}) => {
    const response = await fetch(url + path, { method: "POST", body, headers: { "content-type": type, ...headers } });
    return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
  };
  const broken = await post("/v1/traces", "application/x-protobuf", Buffer.from([0x0a, 0xff]));
  expect([broken.status, broken.type], [400, "application/x-protobuf"], "protobuf that is cut");
  const json = await post("/v1/traces", "application/json", "{");
  expect([json.status, JSON.parse(json.text).code], [400, 3], "JSON that is cut");
  expect((await post("/v1/traces", "text/plain", "x")).status, 415, "another type");
  expect((await post("/v1/traces", "application/json", "{}")).text, "{}", "an empty request");
  const bomb = gzipSync(Buffer.alloc(70 << 20));
  expect((await post("/v1/logs", "application/x-protobuf", bomb, { "content-encoding": "gzip" })).status, 413, "a bomb");
  const partial = await post("/v1/logs", "application/json", JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [
    { timeUnixNano: String(start * 1e6), eventName: "gen_ai.evaluation.result", attributes: [] }] }] }] }));
  expect([partial.status, JSON.parse(partial.text).partialSuccess.rejectedLogRecords], [200, "1"], "a rejected record");
}

async function main(url) {
  const ways = [["proto", "none"], ["proto", "gzip"], ["json", "none"], ["json", "gzip"]];
  const results = [];
  for (const [encoding, compression] of ways) {
    await sendSpans(url, encoding, compression, results);
    await sendEvaluations(url, encoding, compression, results);
  }
  const failed = results.filter((result) => result.code !== 0);
  if (failed.length !== 0) throw failed[0].error || new Error("an export failed");
  await eventually(url, `SELECT toUInt32(uniqExact(service_id)) AS services, toUInt32(count()) AS requests,
      toUInt32(sum(prompt_tokens)) AS prompt, toUInt32(sum(completion_tokens)) AS completion, avg(latency_ms) AS latency_ms,
      any(instance_id) AS instance, groupUniqArray(status) AS status FROM optiinfra.performance_metrics_ts`,
    [{ services: 4, requests: 12, prompt: 1200, completion: 132, latency_ms: 500, instance: "i-1", status: ["ok"] }], "requests");
  await eventually(url, `SELECT toUInt32(count()) AS answers, avg(relevance_score) AS relevance,
      toUInt32(uniqExact(customer_id)) AS customers FROM quality_metrics_ts`,
    [{ answers: 8, relevance: 0.5, customers: 1 }], "evaluations");
  await refused(url);
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
