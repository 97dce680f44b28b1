// otel_exporters.js API_URL: spans of LLM requests, results of evaluations and metrics, sent by npm's OpenTelemetry
// exporters in protobuf and in JSON, with and without gzip, as deltas and as sums; then asks the service for the rows.
// Ends with 77 where a package is not installed.
const { createHash } = require("crypto");
const { gzipSync } = require("zlib");
let trace, logs, metrics, resources, exporters, temporality;
try {
  trace = require("@opentelemetry/sdk-trace-base");
  logs = require("@opentelemetry/sdk-logs");
  metrics = require("@opentelemetry/sdk-metrics");
  resources = require("@opentelemetry/resources");
  temporality = require("@opentelemetry/exporter-metrics-otlp-http").AggregationTemporalityPreference;
  exporters = {
    proto: { Trace: require("@opentelemetry/exporter-trace-otlp-proto").OTLPTraceExporter,
             Log: require("@opentelemetry/exporter-logs-otlp-proto").OTLPLogExporter,
             Metric: require("@opentelemetry/exporter-metrics-otlp-proto").OTLPMetricExporter },
    json: { Trace: require("@opentelemetry/exporter-trace-otlp-http").OTLPTraceExporter,
            Log: require("@opentelemetry/exporter-logs-otlp-http").OTLPLogExporter,
            Metric: require("@opentelemetry/exporter-metrics-otlp-http").OTLPMetricExporter } };
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

/** The version 5 UUID of a service's name. */
function identity(service) {
  const space = Buffer.from("e3a1c6a40b0f4c389a532f6f7f5f8a10", "hex");
  const hash = createHash("sha1").update(space).update(`service:${service}`).digest().subarray(0, 16);
  hash[6] = (hash[6] & 0x0f) | 0x50;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  return hash.toString("hex").replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
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

/** Two exports, each of them sent twice. */
async function sendMetrics(url, encoding, compression, preference, results) {
  const exporter = watched(new exporters[encoding].Metric({
    url: `${url}/v1/metrics`, compression, temporalityPreference: temporality[preference] }), results);
  const once = exporter.export.bind(exporter);
  exporter.export = (items, done) => once(items, () => once(items, done));
  const reader = new metrics.PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3600000 });
  const provider = new metrics.MeterProvider({
    resource: resources.resourceFromAttributes({ "service.name": `engine-${preference}`, "host.name": `gpu-${encoding}-${compression}`,
                                                 "tenant.id": "acme" }),
    readers: [reader],
    views: [{ instrumentName: "gen_ai.server.request.duration",
              aggregation: { type: metrics.AggregationType.EXPONENTIAL_HISTOGRAM } }] });
  const meter = provider.getMeter("server");
  const output = meter.createCounter("gen_ai.client.inference.usage.output_tokens", { unit: "{token}" });
  const first = meter.createHistogram("gen_ai.server.time_to_first_token", {
    unit: "s", advice: { explicitBucketBoundaries: [0.1, 0.5, 1] } });
  const whole = meter.createHistogram("gen_ai.server.request.duration", { unit: "s" });
  meter.createObservableGauge("hw.gpu.temperature").addCallback((gauge) => gauge.observe(61, { "hw.id": "GPU-1" }));
  const labels = { "gen_ai.response.model": "llama" };
  for (const tokens of [7, 5]) {
    output.add(tokens, labels);
    for (const seconds of [0.2, 0.3, 0.7]) first.record(seconds, labels);
    whole.record(tokens, labels);
    await new Promise((done) => setTimeout(done, 100));
    await provider.forceFlush();
  }
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
    for (const preference of ["DELTA", "CUMULATIVE"]) await sendMetrics(url, encoding, compression, preference, results);
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
  await eventually(url, `SELECT service, toUInt32(uniqExact(instance_id)) AS hosts, toUInt32(sum(completion_tokens)) AS tokens,
      sumMap(mapApply((bound, n) -> (bound, toUInt32(n)), JSONExtract(toString(time_to_first_token_histogram), 'Map(String, UInt64)'))) AS first,
      toUInt32(sum(arraySum(mapValues(JSONExtract(toString(latency_histogram), 'Map(String, UInt64)'))))) AS whole
    FROM (SELECT *, multiIf(service_id = '${identity("engine-DELTA")}', 'delta', service_id = '${identity("engine-CUMULATIVE")}', 'cumulative', 'other') AS service
      FROM serving_metrics_ts) GROUP BY service ORDER BY service`,
    ["cumulative", "delta"].map((service) => ({ service, hosts: 4, tokens: 48,
      first: { 100000: 0, 500000: 16, 1000000: 8 }, whole: 8 })), "metrics");
  await eventually(url, `SELECT toUInt32(uniqExact(instance_id)) AS hosts, min(gpu_temperature) AS coldest, max(gpu_temperature) AS hottest,
      any(gpu_uuid) AS gpu FROM resource_metrics_ts`, [{ hosts: 4, coldest: 61, hottest: 61, gpu: "GPU-1" }], "temperatures");
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
