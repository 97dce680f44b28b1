// insert_and_read.js URL: rows by column name and the hourly answer, with npm's @clickhouse/client over HTTP.
// Ends with 77 where the package is not installed.
let createClient;
try {
  ({ createClient } = require("@clickhouse/client"));
} catch (error) {
  console.error(`${error.message.split("\n")[0]}; ./setup --check installs it`);
  process.exit(77);
}

async function main(url) {
  const client = createClient({ url, database: "optiinfra" });
  const customer = "550e8400-e29b-41d4-a716-446655440000";
  const hour = new Date(Math.floor(Date.now() / 3600000) * 3600000 - 3600000);
  const timestamp = hour.toISOString().slice(0, 19).replace("T", " ");
  const values = [10, 20, 60].map((gpu_utilization, gpu_index) => (
    { timestamp, customer_id: customer, instance_id: "node-1", gpu_index, gpu_utilization }));
  await client.insert({ table: "resource_metrics_ts", values, format: "JSONEachRow" });
  const answer = await client.query({
    query: `SELECT avg_gpu_util, max_gpu_util, toUInt32(sample_count) AS samples FROM resource_hourly
            WHERE customer_id = {customer:UUID} AND instance_id = 'node-1'`,
    query_params: { customer }, format: "JSONEachRow" });
  const rows = await answer.json();
  const found = JSON.stringify(rows), wanted = JSON.stringify([{ avg_gpu_util: 30, max_gpu_util: 60, samples: 3 }]);
  if (found !== wanted) throw new Error(`${found}, not ${wanted}`);
  console.log(found);
  await client.close();
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
