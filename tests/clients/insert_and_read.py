#!/usr/bin/env python3
"""insert_and_read.py HOST PORT: rows of all four families by column name, as a program does that
knows the tables' columns and nothing of optiinfra; then the hourly measures from the materialized
views. Ends with 77 where Debian's python3-clickhouse-driver is not installed."""
import datetime
import sys
import uuid

try:
    from clickhouse_driver import Client
except ImportError as error:
    print(f"{error}; install python3-clickhouse-driver", file=sys.stderr)
    sys.exit(77)

HOUR = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
CUSTOMER, SERVICE = uuid.uuid4(), uuid.uuid4()
ROWS = 40


def times():
    return [HOUR - datetime.timedelta(hours=1, seconds=-i) for i in range(ROWS)]


def rows_of(**columns):
    """A column given as a list has a value for each row; any other has one for all."""
    return [{name: value[i] if isinstance(value, list) else value for name, value in columns.items()}
            for i in range(ROWS)]


def insert(client, table, rows):
    names = ", ".join(rows[0])
    client.execute(f"INSERT INTO optiinfra.{table} ({names}) VALUES", rows)


def expect(what, found, wanted):
    assert abs(found - wanted) <= 1e-5 * max(1, abs(wanted)), f"{what}: {found}, not {wanted}"
    print(f"{what} = {found}")


def main(host, port):
    client = Client(host, port=int(port), database="optiinfra")
    utilization = [float(i * 7 % 100) for i in range(ROWS)]
    quality = [(i % 10) / 10 for i in range(ROWS)]
    hallucinated = [int(i % 8 == 0) for i in range(ROWS)]
    # Two inserts into the same hour, so that states are merged and not only read.
    for half in (slice(0, ROWS // 2), slice(ROWS // 2, ROWS)):
        insert(client, "cost_metrics_ts", rows_of(
            timestamp=times(), customer_id=CUSTOMER, cloud_provider="aws", service_name="ec2", instance_id="i-1",
            instance_type="p4d.24xlarge", region="us-east-1", cost_per_hour=2.5, utilization_percent=utilization,
            is_spot=0, is_reserved=1)[half])
        insert(client, "performance_metrics_ts", rows_of(
            timestamp=times(), customer_id=CUSTOMER, service_id=SERVICE, service_type="vllm", model_name="llama",
            request_id=[uuid.uuid4() for _ in range(ROWS)], latency_ms=[100.0 + i for i in range(ROWS)],
            throughput_tokens_per_sec=50.0, gpu_utilization=utilization, kv_cache_utilization=30.0, batch_size=8,
            prompt_tokens=100, completion_tokens=50, total_tokens=150)[half])
        insert(client, "resource_metrics_ts", rows_of(
            timestamp=times(), customer_id=CUSTOMER, instance_id="i-1", instance_type="p4d.24xlarge", gpu_index=0,
            gpu_utilization=utilization, gpu_memory_used_mb=1000.0, gpu_memory_total_mb=80000.0,
            gpu_temperature=60.0, cpu_utilization=12.5, memory_used_gb=10.0, memory_total_gb=64.0,
            network_rx_mbps=1.0, network_tx_mbps=2.0)[half])
        insert(client, "quality_metrics_ts", rows_of(
            timestamp=times(), customer_id=CUSTOMER, service_id=SERVICE, request_id=uuid.uuid4(), model_name="llama",
            relevance_score=0.5, coherence_score=0.5, factuality_score=0.5, hallucination_detected=hallucinated,
            toxicity_score=0.0, overall_quality_score=quality, prompt_hash="abc", latency_ms=120)[half])

    def measure(view, sql, group):
        where = f"WHERE customer_id = %(customer)s GROUP BY hour, {group}"
        rows = client.execute(f"SELECT {sql} FROM {view} {where}", {"customer": CUSTOMER})
        assert len(rows) == 1, f"{view}: {len(rows)} hours"
        return rows[0][0]

    mean = sum(utilization) / ROWS
    expect("sum(total_cost)", measure("cost_metrics_hourly_mv", "sum(total_cost)", "cloud_provider"), 2.5 * ROWS)
    for view, key in (("performance_metrics_hourly_mv", "service_id"), ("resource_metrics_hourly_mv", "instance_id")):
        expect(f"avgMerge(avg_gpu_util) of {view}", measure(view, "avgMerge(avg_gpu_util)", key), mean)
    resource, scores = "resource_metrics_hourly_mv", "quality_metrics_hourly_mv"
    expect("maxMerge(max_gpu_util)", measure(resource, "maxMerge(max_gpu_util)", "instance_id"), max(utilization))
    expect("avgMerge(avg_quality)", measure(scores, "avgMerge(avg_quality)", "service_id"), sum(quality) / ROWS)
    expect("sum(hallucination_count)", measure(scores, "sum(hallucination_count)", "service_id"), sum(hallucinated))
    for table in ("cost", "performance", "resource", "quality"):
        counted = client.execute(f"SELECT count() FROM {table}_metrics_ts WHERE customer_id = %(customer)s",
                                 {"customer": CUSTOMER})
        expect(f"rows of {table}_metrics_ts", counted[0][0], ROWS)


main(*sys.argv[1:])
