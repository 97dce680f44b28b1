"""asyncio: calls are awaited, the loop goes on meanwhile, and what cancelling does."""

import asyncio
import os
import signal
import time

import pytest
from conftest import row_of, stop

import optiinfra
from optiinfra import aio


def test_calls_give_what_the_client_gives(api_url, ids):
    async def use():
        async with await aio.connect(api_url) as client:
            assert await client.ping()
            assert await client.insert("performance", [row_of("performance", ids)] * 3) == 3
            answer = await client.query("request_count", family="performance", where={"customer": ids[0]}, hours=24)
            assert answer.to_dicts() == [{"total_requests": 3}]
            named = await client.question("performance-p95", customer=ids[0], service=ids[1], hours=24)
            assert named.to_dicts()[0]["total_requests"] == 3
            assert [each["service_id"] for each in await client.list("services", customer=ids[0])] == [str(ids[1])]
            with pytest.raises(optiinfra.InvalidArgumentError):
                await client.insert("performance", [row_of("performance", ids, latency_ms=-1.0)])
            many = await asyncio.gather(*[client.insert("performance", [row_of("performance", ids)])
                                          for _ in range(20)])
            assert many == [1] * 20
        assert await client.ping() is False
        with pytest.raises(optiinfra.InvalidArgumentError, match="closed"):
            await client.query("request_count", family="performance", hours=1)

    asyncio.run(use())


def test_an_embedded_store_and_a_writer_are_closed_in_order(run, tmp_path):
    done = run("import asyncio, optiinfra, os, sys, uuid\n"
               "from datetime import datetime, timezone\n"
               "url = f'embedded:{sys.argv[1]}/store'\n"
               "row = {'timestamp': datetime.now(timezone.utc), 'customer_id': uuid.uuid4(), 'instance_id': 'i'}\n"
               "async def main():\n"
               "    async with await optiinfra.aio.connect(url, create=True) as client:\n"
               "        await client.insert('resource', [row])\n"
               "    async with optiinfra.aio.AsyncWriter(url, spool=f'{sys.argv[1]}/spool') as writer:\n"
               "        assert await writer.write('resource', [row] * 2) == 2\n"
               "        await writer.flush()\n"
               "        print(writer.metrics()['rows_stored'])\n"
               "    async with await optiinfra.aio.connect(url) as client:\n"
               "        answer = await client.query('sample_count', family='resource', hours=1)\n"
               "        print(answer.to_dicts()[0]['sample_count'])\n"
               "asyncio.run(main())\n"
               "print(os.path.exists(f'{sys.argv[1]}/store/unclean'))\n", str(tmp_path))
    assert done.stdout == "2\n3\nFalse\n"


def test_the_loop_goes_on_and_cancelling_ends_the_wait(server, ids):
    """The server is stopped: the call would take its whole budget."""
    url, process, _ = server

    async def use():
        client = await aio.connect(url, create=True, timeout=20)
        await client.query("request_count", family="performance", hours=1)
        ticks = 0
        stop(process.pid)
        try:
            begin = time.monotonic()
            asked = asyncio.ensure_future(client.query("request_count", family="performance", hours=1))
            while time.monotonic() - begin < 0.5:
                await asyncio.sleep(0.01)
                ticks += 1
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            assert time.monotonic() - begin < 5
        finally:
            os.kill(process.pid, signal.SIGCONT)
        await client.close()
        return ticks

    assert asyncio.run(use()) > 15
