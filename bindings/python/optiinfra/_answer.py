"""The answer to a question."""

from datetime import datetime
from typing import Any, Dict, Iterator, List, Optional, Tuple

from . import _errors, _native


class Answer:
    """Rows of an answer, with what their numbers cover.

    window: begin and end that the numbers cover, which may be wider than asked where raw rows are gone.
    coverage: for each family, how many raw rows the answer is computed from.
    units: the unit of each column that has one.
    A number that there is nothing to compute from is None. Times are aware, in UTC.
    """

    def __init__(self, native: Any):
        self._native = native
        facts, begin, end, coverage, rows = _native.answer_facts(native)
        self.columns: List[str] = [key for key, _, _, _ in facts]
        self.units: Dict[str, str] = {key: unit for key, _, unit, _ in facts if unit}
        self.headings: Dict[str, str] = {key: heading for key, heading, _, _ in facts}
        self.window: Tuple[datetime, datetime] = (begin, end)
        self.coverage: Dict[str, int] = coverage
        self._rows: int = rows
        self._kinds: Dict[str, str] = {key: kind for key, _, _, kind in facts}

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[Dict[str, Any]]:
        for batch in self.batches():
            yield from batch

    def batches(self, rows: int = 10_000) -> Iterator[List[Dict[str, Any]]]:
        """The rows in lists of at most `rows` dicts, each made when it is asked for.

        The answer itself is in memory, whole, as the library holds it: about 50 bytes for each value. Dicts of all of
        its rows would take several times that; so only those of one batch exist at a time.
        """
        if rows < 1:
            raise _errors.InvalidArgumentError(f"a batch has at least one row, not {rows}")
        for first in range(0, self._rows, rows):
            yield _native.answer_rows(self._native, first, rows)

    def __repr__(self) -> str:
        begin, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ") for time in self.window)
        return f"<Answer: {self._rows} rows of {', '.join(self.columns)}, {begin} to {end}>"

    def to_dicts(self) -> List[Dict[str, Any]]:
        """A dict for each row."""
        return _native.answer_rows(self._native, 0, self._rows)

    def to_columns(self) -> Dict[str, List[Any]]:
        """A list for each column."""
        return _native.answer_columns(self._native)

    def __arrow_c_stream__(self, requested_schema: Optional[Any] = None) -> Any:
        """For pyarrow.table(answer), polars.from_arrow(answer) and any other reader of Arrow's PyCapsules."""
        return _native.answer_stream(self._native)

    def to_arrow(self) -> Any:
        """A pyarrow.Table, with units in the metadata of its fields. Needs pyarrow."""
        import pyarrow
        return pyarrow.table(self)

    def to_polars(self) -> Any:
        """A polars.DataFrame. Needs polars."""
        import polars
        return polars.from_arrow(self)

    def to_pandas(self) -> Any:
        """A pandas.DataFrame: counts and numbers as float64 or uint64, times in UTC. Needs pandas."""
        import pandas
        columns = self.to_columns()
        series = {}
        for name, values in columns.items():
            kind = self._kinds[name]
            if kind == "number":
                series[name] = pandas.Series(values, dtype="float64")
            elif kind == "count" and None not in values:
                series[name] = pandas.Series(values, dtype="uint64")
            elif kind == "time":
                series[name] = pandas.to_datetime(pandas.Series(values, dtype="object"), utc=True)
            else:
                series[name] = pandas.Series(values, dtype="object" if kind == "text" else "float64")
        return pandas.DataFrame(series, columns=self.columns)
