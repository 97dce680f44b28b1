"""A client of a store: inserts rows and asks questions."""

import atexit
import json
import weakref
from datetime import datetime
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from . import _data, _engine, _errors, _log, _native
from ._answer import Answer

_native.set_errors(_errors.make)

Time = Union[datetime, str]
Filters = Mapping[str, Any]

_open = weakref.WeakSet()  # type: weakref.WeakSet


def _close_all() -> None:
    for each in list(_open):
        each._close_at_exit()


# Before the interpreter goes: the engine's threads must not outlive it.
atexit.register(_close_all)


def connect(url: Optional[str] = None, *, create: bool = False, timeout: float = 60.0) -> "Client":
    """Opens the store at `url`.

    url: "embedded:/folder" (the engine in this process); a server: "clickhouse://host/optiinfra", "clickhouses://",
        "http://" or "https://"; the API of `optiinfra server`, which needs no engine here: "api://host:7070" or
        "apis://host", with the token in OPTIINFRA_TOKEN, or in the file that OPTIINFRA_TOKEN_FILE names.
        None takes OPTIINFRA_URL, CLICKHOUSE_URL, CLICKHOUSE_HOST and its siblings, or the default store.
    create: make the store, or bring its schema up to date; otherwise an absent or older store is an error.
    timeout: seconds that one call may take.
    """
    return Client(url, create=create, timeout=timeout)


_catalogue_once: Optional[Dict[str, Any]] = None


def catalogue() -> Dict[str, Any]:
    """What can be inserted and asked: "families" with columns, rules and units; "measures"; "dimensions";
    "questions" with their parameters."""
    global _catalogue_once
    if _catalogue_once is None:
        _catalogue_once = json.loads(_native.catalogue())
    return _catalogue_once


def _seconds(time: Optional[Time]) -> int:
    return 0 if time is None else _native.instant(time)


def _window(start: Optional[Time], end: Optional[Time], hours: Optional[int]) -> Tuple[int, int, int]:
    if hours is not None and (start is not None or end is not None):
        raise _errors.InvalidArgumentError("a window is either hours, or start and end")
    if hours is None and start is None:
        raise _errors.InvalidArgumentError("a question needs a window: hours=24, or start=... and end=...")
    if hours is not None:
        if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= 87_600:
            raise _errors.InvalidArgumentError(f"{hours!r} hours are not a whole number from 1 to 87600")
        return 0, 0, hours
    return _seconds(start), _seconds("now" if end is None else end), 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _filters(where: Optional[Filters]) -> List[Tuple[str, str]]:
    pairs = []
    for dimension, values in (where or {}).items():
        for value in values if isinstance(values, (list, tuple, set, frozenset)) else [values]:
            pairs.append((dimension, _text(value)))
    return pairs


def _names(names: Union[str, Iterable[str]]) -> List[str]:
    return [names] if isinstance(names, str) else list(names)


class Client:
    """One store. Threads may share it; each call lets other Python threads run while it works.

    An embedded store belongs to one process: after a fork the child opens its own (multiprocessing's "spawn").
    Close it, or use it in a ``with`` statement; what is still open is closed when the interpreter ends.
    """

    def __init__(self, url: Optional[str] = None, *, create: bool = False, timeout: float = 60.0):
        _engine.use()
        _log.start()
        self._native = _native.open(url, create, int(timeout * 1000))
        _open.add(self)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Closes the store after the running calls have ended. Acknowledged rows are stored."""
        _native.close(self._native)

    def _close_at_exit(self) -> None:
        try:
            self.close()
        except _errors.Error:
            pass  # It belongs to the parent of this process.

    def ping(self) -> bool:
        """Whether the store answers."""
        try:
            return _native.ping(self._native)
        except _errors.Error:
            return False

    def insert(self, family: str, rows: Any, *, token: Optional[str] = None) -> int:
        """Stores rows of "cost", "performance", "resource" or "quality", and returns how many.

        rows: dicts; a dict of columns (lists or numpy arrays); a pandas or polars frame; an Arrow table, batch or
            stream. Keys are the names of the family's columns; None, a NaN where a number may be absent, and a column
            that is missing are values that nobody measured. Times are datetimes: aware, or naive and then UTC.
        token: names these rows, so that a repeated call stores them once.

        A bad value raises InvalidArgumentError with row, column and rule, and nothing is stored. More than
        1,000,000 rows are several inserts: where one fails, Error.rows_stored tells how many rows came before.
        """
        return _native.insert(self._native, family, _data.readable(rows), token or "")

    def query(self, measures: Union[str, Sequence[str]], *, by: Union[str, Sequence[str]] = (),
              bucket: Optional[str] = None, where: Optional[Filters] = None, start: Optional[Time] = None,
              end: Optional[Time] = None, hours: Optional[int] = None, order: Union[str, Sequence[str]] = (),
              limit: int = 0, family: Optional[str] = None) -> Answer:
        """Asks for measures, split by dimensions, in buckets, over a window.

        measures, by: names from catalogue(): ["total_cost"], ["provider", "region"].
        bucket: "hour", "day" or "week": a row for each.
        where: dimension to value, or to a list of values of which any will do; {"customer": "acme"} by name, too.
        start, end: the window, half-open; datetimes or text such as "2026-03-01" and "now-7d". Without end: now.
        hours: instead, the last hours up to now.
        order: names to sort by, "p95_latency:desc" for the largest first.
        limit: most rows. family: whose measures are meant where several families have a name.
        """
        begin, stop, last = _window(start, end, hours)
        keys = _names(order)
        return Answer(_native.ask(
            self._native, _names(measures), _names(by), _filters(where),
            [key[:-5] if key.endswith(":desc") else key for key in keys], [key.endswith(":desc") for key in keys],
            bucket, family, begin, stop, last, limit))

    def question(self, name: str, *, start: Optional[Time] = None, end: Optional[Time] = None,
                 hours: Optional[int] = None, by: Optional[str] = None, bucket: Optional[str] = None,
                 **parameters: Any) -> Answer:
        """Asks a question with a name: ``client.question("performance-p95", customer=..., service=..., hours=24)``.

        Names and parameters are those of catalogue()["questions"] and of ``optiinfra query``. A customer, service or
        instance is given by its id or by its name (``optiinfra names``).
        """
        given = [(key, _text(value)) for key, value in parameters.items() if value is not None]
        begin, stop, last = _window(start, end, hours)
        return Answer(_native.ask_named(self._native, name, given, by or "", bucket or "", begin, stop, last))

    def list(self, kind: str, *, customer: Any = None, service: Any = None, limit: int = 1000) -> List[Dict[str, Any]]:
        """Who is there: "customers", "services", "instances" or "models", those with the most rows first.

        A dict for each: its id, its name where it has one, how many rows of each family name it, and the first and the
        last hour that has one. customer, service: only this one's, by id or name. limit: most of them, 1 to 100,000.
        """
        if not 1 <= limit <= 100_000:
            raise _errors.InvalidArgumentError(f"a list has 1 to 100,000 entries, not {limit}")
        given = [(name, _text(value)) for name, value in (("customer", customer), ("service", service))
                 if value is not None]
        return Answer(_native.list_names(self._native, kind, given, limit)).to_dicts()
