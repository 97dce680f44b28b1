"""The first draft's functions: names, arguments, keys, the environment, and the program's own answers."""

import json
import os
import subprocess
from datetime import timedelta

import pytest
from conftest import HOUR, PROGRAM

import optiinfra
from optiinfra import ClickHouseClient, get_clickhouse_client

KEYS = {
    "cost": ["hour", "cloud_provider", "service_name", "total_cost", "avg_utilization", "sample_count"],
    "performance": ["avg_latency_ms", "p95_latency_ms", "p99_latency_ms", "avg_throughput", "total_requests"],
    "resource": ["avg_gpu_utilization", "max_gpu_utilization", "avg_gpu_memory_mb", "avg_cpu_utilization"],
    "quality": ["hour", "avg_quality", "avg_relevance", "avg_coherence", "avg_factuality", "hallucinations",
                "total_requests"],
}


def rows_of(customer, service):
    """The rows that the first draft's examples insert: every column of the contract."""
    return {
        "cost": [{"timestamp": HOUR, "customer_id": str(customer), "cloud_provider": "aws", "service_name": "ec2",
                  "instance_id": "i-1", "instance_type": "p4d.24xlarge", "region": "us-east-1",
                  "cost_per_hour": 32.77, "utilization_percent": 40.0 + i, "is_spot": 0, "is_reserved": 1}
                 for i in range(3)],
        "performance": [{"timestamp": HOUR + timedelta(seconds=i), "customer_id": str(customer),
                         "service_id": str(service), "service_type": "vllm", "model_name": "llama-3.1-70b",
                         "request_id": str(service), "latency_ms": 100.0 + i, "throughput_tokens_per_sec": 50.0,
                         "gpu_utilization": 80.0, "kv_cache_utilization": 30.0, "batch_size": 8,
                         "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150} for i in range(100)],
        "resource": [{"timestamp": HOUR, "customer_id": str(customer), "instance_id": "i-1",
                      "instance_type": "p4d.24xlarge", "gpu_index": i, "gpu_utilization": 10.0 * i,
                      "gpu_memory_used_mb": 1000.0, "gpu_memory_total_mb": 80000.0, "gpu_temperature": 60.0,
                      "cpu_utilization": 12.5, "memory_used_gb": 10.0, "memory_total_gb": 64.0,
                      "network_rx_mbps": 1.0, "network_tx_mbps": 2.0} for i in range(8)],
        "quality": [{"timestamp": HOUR, "customer_id": str(customer), "service_id": str(service),
                     "request_id": str(service), "model_name": "llama-3.1-70b", "relevance_score": 0.9,
                     "coherence_score": 0.8, "factuality_score": 0.7, "hallucination_detected": int(i == 0),
                     "toxicity_score": 0.0, "overall_quality_score": 0.8, "prompt_hash": "abc", "latency_ms": 120}
                    for i in range(10)],
    }


def insert_all(client, customer, service):
    rows = rows_of(customer, service)
    assert client.insert_cost_metrics(rows["cost"]) == 3
    assert client.insert_performance_metrics(rows["performance"]) == 100
    assert client.insert_resource_metrics(rows["resource"]) == 8
    assert client.insert_quality_metrics(rows["quality"]) == 10


def ask_all(client, customer, service):
    return {
        "cost": client.query_cost_hourly(customer, HOUR, HOUR + timedelta(hours=1)),
        "performance": client.query_performance_p95(customer, service, hours=24),
        "resource": client.query_resource_utilization(customer, "i-1", hours=24),
        "quality": client.query_quality_trends(customer, service, hours=24),
    }


def check_answers(answers):
    for family, answer in answers.items():
        first = answer[0] if isinstance(answer, list) else answer
        assert [key for key in KEYS[family] if key not in first] == []
    cost = answers["cost"][0]
    assert cost["hour"] == HOUR and cost["cloud_provider"] == "aws" and cost["service_name"] == "ec2"
    assert cost["total_cost"] == pytest.approx(3 * 32.77) and cost["avg_utilization"] == pytest.approx(41.0)
    assert cost["sample_count"] == 3
    performance = answers["performance"]
    assert performance["total_requests"] == 100 and performance["avg_latency_ms"] == pytest.approx(149.5)
    assert performance["p95_latency_ms"] == pytest.approx(194, rel=0.02)
    assert answers["resource"]["max_gpu_utilization"] == 70.0
    assert answers["quality"][0]["hallucinations"] == 1
    assert answers["quality"][0]["avg_factuality"] == pytest.approx(0.7)


def test_the_examples_run_over_tcp(server_url, ids):
    with ClickHouseClient(url=server_url) as client:
        assert client.ping() is True
        insert_all(client, *ids)
        check_answers(ask_all(client, *ids))


def test_host_and_port_name_a_server(server_url):
    port = int(server_url.rsplit(":", 1)[1].split("/")[0])
    with ClickHouseClient("127.0.0.1", port, "optiinfra", "default", "") as client:
        assert client.ping() is True


def test_an_empty_list_inserts_nothing(server_url):
    with ClickHouseClient(url=server_url) as client:
        for insert in (client.insert_cost_metrics, client.insert_performance_metrics, client.insert_resource_metrics,
                       client.insert_quality_metrics):
            assert insert([]) == 0


def test_ping_is_false_and_raises_nothing_where_there_is_no_server():
    assert ClickHouseClient("127.0.0.1", 1).ping() is False


def test_the_examples_run_embedded_and_answer_as_the_program_does(tmp_path, run, ids):
    """In a process of its own, with the default client; then the program is asked the same."""
    url = f"embedded:{tmp_path / 'store'}"
    done = run(
        "import json, sys, uuid\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "import test_contract\n"
        "from optiinfra import get_clickhouse_client\n"
        "client = get_clickhouse_client()\n"
        "assert client is get_clickhouse_client() and client.ping()\n"
        "ids = uuid.UUID(sys.argv[2]), uuid.UUID(sys.argv[3])\n"
        "test_contract.insert_all(client, *ids)\n"
        "answers = test_contract.ask_all(client, *ids)\n"
        "test_contract.check_answers(answers)\n"
        "print(json.dumps(answers, default=lambda time: time.strftime('%Y-%m-%dT%H:%M:%SZ')))\n",
        os.path.dirname(__file__), str(ids[0]), str(ids[1]), OPTIINFRA_URL=url)
    answers = json.loads(done.stdout)
    customer, service = map(str, ids)
    asked = {
        "cost": ["cost-hourly", "--from", HOUR.isoformat(), "--to", (HOUR + timedelta(hours=1)).isoformat()],
        "performance": ["performance-p95", "--service", service, "--hours", "24"],
        "resource": ["resource-utilization", "--instance", "i-1", "--hours", "24"],
        "quality": ["quality-trends", "--service", service, "--hours", "24"],
    }
    for family, words in asked.items():
        text = subprocess.run([PROGRAM, "--url", url, "--output", "json", "query", *words, "--customer", customer],
                              capture_output=True, text=True, check=True, timeout=60).stdout
        rows = json.loads(text)["data"]
        # A rate is over a window that ends now, which is not the same second.
        drop = ("requests_per_second", "tokens_per_second")
        found = answers[family] if isinstance(answers[family], list) else [answers[family]]
        wanted = rows if isinstance(rows, list) else [rows]
        assert len(found) == len(wanted)
        for mine, theirs in zip(found, wanted):
            for name in drop:
                mine.pop(name, None), theirs.pop(name, None)
            assert mine == pytest.approx(theirs, rel=1e-6), family


@pytest.mark.parametrize("variables", [{"CLICKHOUSE_HOST": "127.0.0.1"}, {"CLICKHOUSE_URL": None}])
def test_the_environment_names_the_store(server_url, run, variables):
    port = server_url.rsplit(":", 1)[1].split("/")[0]
    if "CLICKHOUSE_URL" in variables:
        variables = {"CLICKHOUSE_URL": server_url}
    else:
        variables = dict(variables, CLICKHOUSE_PORT=port, CLICKHOUSE_DB="optiinfra", CLICKHOUSE_USER="default",
                         CLICKHOUSE_PASSWORD="")
    done = run("from optiinfra import ClickHouseClient\nprint(ClickHouseClient().ping())\n", OPTIINFRA_URL="",
               **variables)
    assert done.stdout == "True\n"


def test_the_shared_client_is_one():
    assert get_clickhouse_client() is get_clickhouse_client()
    assert isinstance(get_clickhouse_client(), optiinfra.ClickHouseClient)
