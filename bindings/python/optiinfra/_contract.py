"""The functions of the first client, with the same names, arguments and result keys.

A program that had a module of its own for them keeps it as one line: ``from optiinfra import *``.
"""

import threading
from typing import Any, Dict, List, Optional, Union
from uuid import UUID

from . import _errors
from ._client import Client, Time

Identifier = Union[UUID, str]


class ClickHouseClient:
    """Inserts rows of the families and asks questions. The first call opens or creates the store.

    host, port, database, user, password: a server that speaks ClickHouse's native protocol. Without any of them, the
    environment says where the store is: OPTIINFRA_URL, CLICKHOUSE_URL, or CLICKHOUSE_HOST, CLICKHOUSE_PORT,
    CLICKHOUSE_DB, CLICKHOUSE_USER and CLICKHOUSE_PASSWORD; else it is the embedded store below ~/.local/share.
    url: any store, as optiinfra.connect takes it.
    """

    def __init__(self, host: Optional[str] = None, port: Optional[int] = None, database: Optional[str] = None,
                 user: Optional[str] = None, password: Optional[str] = None, *, url: Optional[str] = None):
        if url is None and any(given is not None for given in (host, port, database, user, password)):
            url = _url(host, port, database, user, password)
        self._url = url
        self._client: Optional[Client] = None
        self._lock = threading.Lock()

    def _store(self) -> Client:
        with self._lock:
            if self._client is None:
                self._client = Client(self._url, create=True)
            return self._client

    def close(self) -> None:
        """Closes the store; the next call opens it again."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def __enter__(self) -> "ClickHouseClient":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def ping(self) -> bool:
        """True when the store answers, False otherwise; never raises."""
        try:
            return self._store().ping()
        except _errors.Error:
            return False

    def insert_cost_metrics(self, metrics: List[Dict[str, Any]]) -> int:
        """Stores rows and returns how many; 0 for an empty list."""
        return self._store().insert("cost", metrics)

    def insert_performance_metrics(self, metrics: List[Dict[str, Any]]) -> int:
        """Stores rows and returns how many; 0 for an empty list."""
        return self._store().insert("performance", metrics)

    def insert_resource_metrics(self, metrics: List[Dict[str, Any]]) -> int:
        """Stores rows and returns how many; 0 for an empty list."""
        return self._store().insert("resource", metrics)

    def insert_quality_metrics(self, metrics: List[Dict[str, Any]]) -> int:
        """Stores rows and returns how many; 0 for an empty list."""
        return self._store().insert("quality", metrics)

    def query_cost_hourly(self, customer_id: Identifier, start: Time, end: Time,
                          cloud_provider: Optional[str] = None) -> List[Dict[str, Any]]:
        """Cost by hour: hour, cloud_provider, service_name, currency, total_cost, avg_utilization (percent),
        sample_count. The window is half-open."""
        return self._store().question("cost-hourly", customer=customer_id, provider=cloud_provider, start=start,
                                      end=end).to_dicts()

    def query_performance_p95(self, customer_id: Identifier, service_id: Identifier, hours: int = 24) -> Dict[str, Any]:
        """Latency in ms (avg_latency_ms, p95_latency_ms, p99_latency_ms, ...), avg_throughput in tokens/s and
        total_requests of one service over the last hours."""
        return self._store().question("performance-p95", customer=customer_id, service=service_id,
                                      hours=hours).to_dicts()[0]

    def query_resource_utilization(self, customer_id: Identifier, instance_id: str, hours: int = 24) -> Dict[str, Any]:
        """avg_gpu_utilization, max_gpu_utilization and avg_cpu_utilization in percent, avg_gpu_memory_mb, ... of one
        instance over the last hours."""
        return self._store().question("resource-utilization", customer=customer_id, instance=instance_id,
                                      hours=hours).to_dicts()[0]

    def query_quality_trends(self, customer_id: Identifier, service_id: Identifier,
                             hours: int = 24) -> List[Dict[str, Any]]:
        """Scores by hour: hour, avg_quality, avg_relevance, avg_coherence, avg_factuality, hallucinations,
        total_requests."""
        return self._store().question("quality-trends", customer=customer_id, service=service_id,
                                      hours=hours).to_dicts()


def _url(host: Optional[str], port: Optional[int], database: Optional[str], user: Optional[str],
         password: Optional[str]) -> str:
    from os import environ
    from urllib.parse import quote

    def chosen(given: Any, name: str, otherwise: Any) -> str:
        return str(given if given is not None else environ.get(name) or otherwise)

    name = quote(chosen(user, "CLICKHOUSE_USER", "default"), safe="")
    secret = quote(chosen(password, "CLICKHOUSE_PASSWORD", ""), safe="")
    where = chosen(host, "CLICKHOUSE_HOST", "localhost")
    where = f"[{where}]" if ":" in where and not where.startswith("[") else where
    return (f"clickhouse://{name}{':' + secret if secret else ''}@{where}:{chosen(port, 'CLICKHOUSE_PORT', 9000)}/"
            f"{quote(chosen(database, 'CLICKHOUSE_DB', 'optiinfra'), safe='')}")


_shared: Optional[ClickHouseClient] = None
_shared_lock = threading.Lock()


def get_clickhouse_client() -> ClickHouseClient:
    """The process's shared client of the store that the environment names, opened on first use."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = ClickHouseClient()
        return _shared
