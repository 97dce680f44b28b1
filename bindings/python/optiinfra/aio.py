"""The client and the writer for asyncio: calls that wait for the store do not block the event loop.

::

    async with await optiinfra.aio.connect("api://metrics:7070") as client:
        await client.insert("cost", rows)
        answer = await client.query("total_cost", by="provider", hours=24)

Each call runs in a thread of a pool that belongs to its client or writer; `threads` of them run at the same time, the
others wait their turn. Converting rows of Python objects holds the interpreter's lock, so a very large list of dicts
still takes time from the loop's thread: hand over columns, frames or Arrow tables, or fewer rows at a time.

Cancelling a task ends its wait at once. A call that has begun goes on in its thread, for its timeout at most, and an
insert may then be stored: give it a token, and repeat it with that token. A call that waits for a thread is not made.
"""

import asyncio
import functools
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List, Optional

from . import _client, _writer
from ._answer import Answer

_THREADS = 8


class _Threads:
    """Runs calls of one object in threads of its own."""

    def __init__(self, threads: int):
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="optiinfra aio")
        self._has_ended = False

    async def run(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        if self._has_ended:
            return call(*arguments, **options)  # Which says at once that it is closed.
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, functools.partial(call, *arguments, **options))

    async def end(self, close: Callable[[], None]) -> None:
        """Closes the object after its calls; a task that is cancelled leaves that to the thread."""
        try:
            await self.run(close)
        finally:
            self._has_ended = True
            self._pool.shutdown(wait=False)


async def connect(url: Optional[str] = None, *, create: bool = False, timeout: float = 60.0,
                  threads: int = _THREADS) -> "AsyncClient":
    """Opens the store at `url`, as optiinfra.connect does. threads: most calls that run at the same time.

    An embedded engine, or a store that the environment names, is opened in the caller's thread: the loop waits for it,
    half a second for an engine.
    """
    loop = asyncio.get_running_loop()
    # An embedded engine closes in order when the thread that opened it ends: never a pool's, which ends before.
    opened = _client.Client(url, create=create, timeout=timeout) if _is_embedded(url) else \
        await loop.run_in_executor(None, functools.partial(_client.Client, url, create=create, timeout=timeout))
    return AsyncClient(opened, threads=threads)


def _is_embedded(url: Optional[str]) -> bool:
    return url is None or url.startswith("embedded:")


class AsyncClient:
    """A Client whose calls are awaited; `connect` opens one. Arguments, results and exceptions are the Client's."""

    def __init__(self, client: _client.Client, *, threads: int = _THREADS):
        self._client = client
        self._threads = _Threads(threads)

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the store after the running calls have ended."""
        await self._threads.end(self._client.close)

    async def ping(self) -> bool:
        """Whether the store answers."""
        return await self._threads.run(self._client.ping)

    async def insert(self, family: str, rows: Any, *, token: Optional[str] = None) -> int:
        """Client.insert, awaited."""
        return await self._threads.run(self._client.insert, family, rows, token=token)

    async def query(self, measures: Any, **options: Any) -> Answer:
        """Client.query, awaited."""
        return await self._threads.run(self._client.query, measures, **options)

    async def question(self, name: str, **options: Any) -> Answer:
        """Client.question, awaited."""
        return await self._threads.run(self._client.question, name, **options)

    async def list(self, kind: str, **options: Any) -> List[Dict[str, Any]]:
        """Client.list, awaited."""
        return await self._threads.run(self._client.list, kind, **options)


class AsyncWriter:
    """A Writer whose calls are awaited. Its arguments are the Writer's; `async with` flushes and closes it.

    Making one opens it, which waits for the store, or for what an earlier writer left in the spool.
    """

    def __init__(self, url: Optional[str] = None, *, threads: int = _THREADS, **options: Any):
        self._writer = _writer.Writer(url, **options)
        self._threads = _Threads(threads)

    async def __aenter__(self) -> "AsyncWriter":
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    async def write(self, family: str, rows: Any, *, acknowledgement: Optional[str] = None,
                    token: Optional[str] = None) -> int:
        """Writer.write, awaited."""
        return await self._threads.run(self._writer.write, family, rows, acknowledgement=acknowledgement, token=token)

    async def flush(self) -> None:
        """Returns when everything that was written before is stored."""
        await self._threads.run(self._writer.flush)

    async def close(self) -> None:
        """Flushes and stops, as Writer.close does."""
        await self._threads.end(self._writer.close)

    def metrics(self) -> Dict[str, Any]:
        """Writer.metrics: it waits for nothing."""
        return self._writer.metrics()
