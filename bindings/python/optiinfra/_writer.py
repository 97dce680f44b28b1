"""Stores the rows of many threads in large inserts, through a spool on disk when one is named."""

from os import PathLike, fspath
from typing import Any, Dict, Optional, Union

from . import _data, _engine, _errors, _log, _native
from . import _client

_ACKNOWLEDGEMENTS = {"accepted": 0, "spooled": 1, "stored": 2}


class Writer:
    """Takes rows from many threads and stores each exactly once.

    url: as optiinfra.connect takes it, but for an API: its service has a writer of its own. The store must exist, or
        with a spool may be away.
    spool: a folder on this machine's disk, where rows wait through an outage of the store and a crash of this program.
    insert_rows, insert_age: rows that make an insert, and seconds after which fewer are sent.
    memory_bytes: most bytes of rows that wait in memory. timeout: seconds that one write, flush or close may take.

    Leaving its ``with`` statement flushes and closes it.
    """

    def __init__(self, url: Optional[str] = None, *, spool: Optional[Union[str, "PathLike[str]"]] = None,
                 insert_rows: int = 524_288, insert_age: float = 1.0, memory_bytes: int = 512 << 20,
                 timeout: float = 60.0):
        _engine.use()
        _log.start()
        self._timeout_ms = int(timeout * 1000)
        self._acknowledgement = "stored" if spool is None else "spooled"
        self._native = _native.open_writer(url, "" if spool is None else fspath(spool), insert_rows,
                                           int(insert_age * 1000), memory_bytes, self._timeout_ms)
        _client._open.add(self)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def write(self, family: str, rows: Any, *, acknowledgement: Optional[str] = None,
              token: Optional[str] = None) -> int:
        """Hands rows over, as Client.insert takes them, and waits until they are acknowledged.

        acknowledgement: "accepted" (in memory), "spooled" (on disk, the default with a spool) or "stored" (in the
        store, the default without). TimeoutError: the writer has the rows and goes on.
        """
        level = acknowledgement or self._acknowledgement
        if level not in _ACKNOWLEDGEMENTS:
            raise _errors.InvalidArgumentError(f"{level!r} is not one of {', '.join(_ACKNOWLEDGEMENTS)}")
        return _native.write(self._native, family, _data.readable(rows), token or "", _ACKNOWLEDGEMENTS[level],
                             self._timeout_ms)

    def flush(self) -> None:
        """Returns when everything that was written before is stored."""
        _native.flush_writer(self._native, self._timeout_ms)

    def close(self) -> None:
        """Flushes and stops. After an error the rows that were not stored are in the spool, or lost without one."""
        _native.close_writer(self._native, self._timeout_ms)

    def _close_at_exit(self) -> None:
        try:
            self.close()
        except _errors.Error:
            pass  # What could not be stored is in the spool.

    def metrics(self) -> Dict[str, Any]:
        """Counts since the writer was opened, and what waits: rows_accepted, rows_stored, retries, lag_ms, ..."""
        return _native.writer_metrics(self._native)
