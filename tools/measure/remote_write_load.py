#!/usr/bin/env python3
"""Sends remote write 1.0 to a service as fast as it takes it: what TARGETS engines say, in requests of 2,000
samples (`remote_write_load.py PORT TEXT [TARGETS] [SCRAPES] [SENDERS]`). The times lie in the past, 15 seconds
apart, as after an outage. Prints samples a second, until each request is acknowledged."""
import http.client
import multiprocessing
import re
import struct
import sys
import time

SAMPLES_OF_A_REQUEST = 2000
LINE = re.compile(r'^([^\s{]+)(?:\{(.*)\})?\s+(\S+)')
LABEL = re.compile(r'([^=,]+)="([^"]*)"')


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def label(name, value):
    return field(1, field(1, name.encode()) + field(2, value.encode()))


def snappy(text):
    out = [varint(len(text))]
    for at in range(0, len(text), 65536):
        piece = text[at:at + 65536]
        out.append(b"\xf4" + struct.pack("<H", len(piece) - 1) + piece)
    return b"".join(out)


def series(text):
    for line in text.splitlines():
        match = LINE.match(line)
        if match and not line.startswith("#"):
            name, labels, value = match.groups()
            yield [("__name__", name)] + LABEL.findall(labels or ""), float(value)


def bodies(texts, targets, scrapes, begin):
    for scrape in range(scrapes):
        batch = []
        for target in targets:
            own = label("customer", "acme") + label("instance", f"10.0.{target // 250}.{target % 250}:8000") + \
                label("job", "vllm")
            for labels, value in texts:
                sample = struct.pack("<Bd", 9, value + scrape) + b"\x10" + varint((begin + 15 * scrape) * 1000)
                batch.append(field(1, own + b"".join(label(*each) for each in labels) + field(2, sample)))
                if len(batch) == SAMPLES_OF_A_REQUEST:
                    yield len(batch), snappy(b"".join(batch))
                    batch = []
        if batch:
            yield len(batch), snappy(b"".join(batch))


def send(port, requests, start, results):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
               "X-Prometheus-Remote-Write-Version": "0.1.0"}
    start.wait()
    begin, repeated = time.time(), 0
    for _, body in requests:
        while True:
            connection.request("POST", "/api/v1/write", body, headers)
            answer = connection.getresponse()
            detail = answer.read()
            if answer.status == 204:
                break
            if answer.status != 503:
                sys.exit(f"{answer.status}: {detail}")
            repeated += 1
            time.sleep(0.1)
    results.put((begin, time.time(), sum(count for count, _ in requests), repeated))


def main():
    port, text = int(sys.argv[1]), open(sys.argv[2], encoding="utf-8").read()
    targets, scrapes, senders = ([int(each) for each in sys.argv[3:]] + [50, 10, 2][len(sys.argv) - 3:])[:3]
    texts, begin = list(series(text)), int(time.time()) - 15 * scrapes
    start, results = multiprocessing.Event(), multiprocessing.Queue()
    processes = []
    for i in range(senders):
        requests = list(bodies(texts, range(i, targets, senders), scrapes, begin))
        processes.append(multiprocessing.Process(target=send, args=(port, requests, start, results)))
    for each in processes:
        each.start()
    start.set()
    outcomes = [results.get() for _ in processes]
    seconds = max(each[1] for each in outcomes) - min(each[0] for each in outcomes)
    samples = sum(each[2] for each in outcomes)
    print(f"{samples} samples in {seconds:.2f} s: {samples / seconds:.0f} samples/s, "
          f"{sum(each[3] for each in outcomes)} requests repeated")


main()
