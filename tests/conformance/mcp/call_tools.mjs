// call_tools.mjs URL: both generations of the protocol's client list the tools and call each of them, on a store that has rows. A client
// checks an answer against the tool's outputSchema. Run from a folder whose node_modules has them.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(process.cwd() + "/");
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const url = new URL(process.argv[2]);

const session = await load("@modelcontextprotocol/sdk/client/index.js");
const http = await load("@modelcontextprotocol/sdk/client/streamableHttp.js");
const stateless = await load("@modelcontextprotocol/client");

const list = async (path) => (await (await fetch(new URL(path, url))).json()).data[0];
const instance = await list("/api/v1/instances?limit=1"), service = await list("/api/v1/services?limit=1");
const values = {
  customer: { gpu_efficiency: instance.customer_id, quality: service.customer_id }, instance: instance.instance_id, service: service.service_id,
  measures: "total_cost", statement: "SELECT 1 AS one",
};

/** A value for each argument that a tool needs. */
function argumentsOf(tool) {
  return Object.fromEntries((tool.inputSchema.required ?? []).map((name) => {
    const value = typeof values[name] === "object" ? values[name][tool.name] : values[name];
    if (value === undefined) throw new Error(`${tool.name} needs ${name}, of which this test knows no value`);
    return [name, value];
  }));
}

for (const [name, Client, Transport, options] of [
  ["sdk", session.Client, http.StreamableHTTPClientTransport, {}],
  ["client", stateless.Client, stateless.StreamableHTTPClientTransport, { versionNegotiation: { mode: "auto" } }],
]) {
  const client = new Client({ name: "test", version: "1" }, options);
  await client.connect(new Transport(url));
  const { tools } = await client.listTools();
  if (tools.length !== 8) throw new Error(`${name} sees ${tools.length} tools`);
  for (const tool of tools) {
    const result = await client.callTool({ name: tool.name, arguments: argumentsOf(tool) });
    if (result.isError) throw new Error(`${name}, ${tool.name}: ${JSON.stringify(result.content).slice(0, 300)}`);
  }
  console.log(`${name}, ${client.getNegotiatedProtocolVersion?.() ?? "a session"}: ${tools.length} tools called`);
  await client.close();
}
