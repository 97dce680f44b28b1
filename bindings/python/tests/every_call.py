#!/usr/bin/env python3
"""every_call.py STORE API: each call of the extension several times, its errors too, for a checker of leaks.

STORE and API are the URLs of one server. sanitizers.sh runs it with what finds memory that nobody frees.
"""

import sys
import uuid

from arrow_producer import RecordBatch
from conftest import HOUR, row_of

import optiinfra


def refused(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except (optiinfra.Error, TypeError):
        return
    sys.exit("a wrong call was taken")


def insert(client, ids):
    client.insert("performance", [row_of("performance", ids, model_name=f"model {i}") for i in range(20)])
    client.insert("performance", {name: [value] * 3 for name, value in row_of("performance", ids).items()})
    batch = RecordBatch(timestamp=[int(HOUR.timestamp())] * 2, customer_id=[str(ids[0])] * 2,
                        service_id=[str(ids[1])] * 2, latency_ms=[1.0, 2.0])
    client.insert("performance", batch.as_stream(copies=2))
    client.insert("performance", batch.as_array())
    for wrong in ([row_of("performance", ids, latency_ms="x")], [row_of("performance", ids, latency_ms=-1.0)], [3],
                  [{"a": 1}], {"timestamp": [HOUR, HOUR]}, {"latency": [1]}, 3):
        refused(client.insert, "performance", wrong)
    refused(client.insert, "traffic", [])


def ask(client, ids):
    answer = client.query("request_count", family="performance", by="model", where={"customer": ids[0]}, hours=24)
    answer.to_dicts(), answer.to_columns(), list(answer.batches(3)), repr(answer)
    answer.__arrow_c_stream__()  # Never read: its capsule releases it.
    RecordBatch.read_stream(answer.__arrow_c_stream__())
    client.question("performance-p95", customer=ids[0], service=ids[1], hours=24).to_dicts()
    client.list("customers")
    refused(client.query, "nothing", hours=1)
    refused(client.question, "nothing", hours=1)
    refused(client.list, "nothing")


def main():
    ids = uuid.uuid4(), uuid.uuid4()
    refused(optiinfra.connect, "mysql://host")
    for url, rounds in ((sys.argv[1], 20), (sys.argv[2], 1)):
        with optiinfra.connect(url) as client:
            for _ in range(rounds):
                insert(client, ids)
                ask(client, ids)
                client.ping()
        refused(client.query, "total_cost", hours=1)
    with optiinfra.Writer(sys.argv[1]) as writer:
        writer.write("performance", [row_of("performance", ids)])
        refused(writer.write, "performance", [row_of("performance", ids, latency_ms=-1.0)])
        writer.flush(), writer.metrics()
    optiinfra.catalogue()


if __name__ == "__main__":
    main()
