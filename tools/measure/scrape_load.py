#!/usr/bin/env python3
"""scrape_load.py SCRAPE_BENCH [TARGETS [SERIES [SECONDS]]]: what it costs to scrape many targets every 15 seconds.

One process of this script plays all targets, each on an address of its own below 127.0.0.0/8, with the text of a vLLM
one of whose counters grows. SCRAPE_BENCH, a process of its own, scrapes them and prints its share of a core."""
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

program = sys.argv[1]
targets, series, seconds = [int(each) for each in sys.argv[2:]] + [1000, 800, 60][len(sys.argv) - 2:]
INTERVAL = 15
here = os.path.dirname(os.path.abspath(__file__))
answers = 0


def body():
    """As many series as asked for: a real text, and more models of the same server."""
    with open(os.path.join(here, "../../sources/exposition/tests/data/vllm-a.prom"), encoding="utf-8") as file:
        lines = [line for line in file.read().splitlines() if line]
    samples = [line for line in lines if not line.startswith("#")]
    text, count, model = [], 0, 0
    while count < series:
        for line in lines if model == 0 else samples:
            if not line.startswith("#"):
                count += 1
                if count > series:
                    break
            text.append(line.replace("Qwen/Qwen2.5-0.5B-Instruct", "model-%d" % model))
        model += 1
    return "\n".join(text) + "\n"


# The counter that the sum is checked by; the others stand still.
before, after = re.split(r"(?<=^vllm:generation_tokens_total\{engine=\"0\",model_name=\"model-0\"\} )0\.0", body(), maxsplit=1, flags=re.M)


async def answer(reader, writer):
    global answers
    try:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            answers += 1
            text = (before + str(answers) + after).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def serve(ready):
    async def run():
        server = await asyncio.start_server(answer, "0.0.0.0", 0, backlog=1024)
        ready.append(server.sockets[0].getsockname()[1])
        await server.serve_forever()
    asyncio.run(run())


def main():
    ready = []
    threading.Thread(target=serve, args=(ready,), daemon=True).start()
    while not ready:
        time.sleep(0.01)
    with tempfile.TemporaryDirectory() as folder:
        addresses = ["127.1.%d.%d:%d" % (i // 250, i % 250 + 1, ready[0]) for i in range(targets)]
        config = os.path.join(folder, "scrape.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("global: {scrape_interval: %ds, external_labels: {customer: acme}}\nscrape_configs:\n"
                       "- {job_name: load, static_configs: [{targets: [%s]}]}\n" % (INTERVAL, ", ".join("'%s'" % each for each in addresses)))
        subprocess.run([program, config, str(seconds)], check=True)
    print("%d answers of %d bytes" % (answers, len(before) + len(after)))


main()
