"""OptiInfra metrics: cost, performance, resource and quality metrics of LLM infrastructure, in a store on ClickHouse.

The engine runs inside this process, or a server is reached by its URL::

    import optiinfra

    with optiinfra.connect("embedded:/var/lib/my-metrics", create=True) as client:
        client.insert("performance", [{"timestamp": datetime.now(timezone.utc), "customer_id": customer, ...}])
        answer = client.query(measures=["p95_latency"], by=["model"], hours=24)
        print(answer.to_dicts())

Columns, measures, dimensions and named questions: ``optiinfra.catalogue()``, and ``help(optiinfra.Client)``. For
asyncio: ``optiinfra.aio``. What happens during calls (attempts that are repeated, a store that is away, rows that a
spool gives back) goes to the logger "optiinfra". ``ClickHouseClient`` and
``get_clickhouse_client`` are the first client's functions, unchanged.
"""

from . import _docs
from ._answer import Answer
from ._client import Client, catalogue, connect
from ._contract import ClickHouseClient, get_clickhouse_client
from ._errors import (CancelledError, ConflictError, CorruptError, Error, IncompatibleError, InvalidArgumentError,
                      RejectedError, StorageError, TimeoutError, TooLargeError, UnavailableError)
from ._writer import Writer

__version__ = "0.1.0"

_docs.add_to(Client, ClickHouseClient, catalogue())

__all__ = [
    "Answer", "CancelledError", "ClickHouseClient", "Client", "ConflictError", "CorruptError", "Error",
    "IncompatibleError", "InvalidArgumentError", "RejectedError", "StorageError", "TimeoutError", "TooLargeError",
    "UnavailableError", "Writer", "catalogue", "connect", "get_clickhouse_client",
]


def __getattr__(name: str):
    # asyncio takes longer to import than all of this.
    if name == "aio":
        import importlib
        return importlib.import_module(".aio", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
