"""Converts a caller's rows to what the extension reads: a list of dicts, a dict of columns, or an Arrow stream."""

from typing import Any


def readable(data: Any) -> Any:
    """`data` as a list, a dict of columns, the capsule of an Arrow stream, or those of an Arrow batch.

    Takes lists and other iterables of dicts, dicts of columns, Arrow tables, batches and streams, polars frames, and
    pandas frames of any version.
    """
    if isinstance(data, list):
        return data
    if isinstance(data, dict):
        return {name: _column(values) for name, values in data.items()}
    if hasattr(data, "__arrow_c_stream__"):
        return data.__arrow_c_stream__()
    if hasattr(data, "__arrow_c_array__"):
        return tuple(data.__arrow_c_array__())
    if type(data).__module__.split(".")[0] == "pandas" and hasattr(data, "columns"):
        return {str(name): _pandas_column(data[name]) for name in data.columns}
    if isinstance(data, (str, bytes)) or not hasattr(data, "__iter__"):
        raise TypeError(f"rows are a list of dicts, a dict of columns, a data frame or an Arrow table, "
                        f"not {type(data).__name__}")
    return list(data)


def _column(values: Any) -> Any:
    if type(values).__module__.split(".")[0] == "pandas":
        return _pandas_column(values)
    if hasattr(values, "__array_interface__"):
        import numpy
        return numpy.ascontiguousarray(values)
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise TypeError(f"a column is a sequence of values, not {type(values).__name__}")
    return values if isinstance(values, list) else list(values)


def _pandas_column(series: Any) -> Any:
    """A pandas column as numpy's array of numbers or times, or as a list of objects."""
    import numpy
    kind = series.dtype
    if getattr(kind, "tz", None) is not None:
        return _times(series.dt.tz_convert("UTC").dt.tz_localize(None))
    if not isinstance(kind, numpy.dtype):
        # Nullable numbers, categories and strings of pandas' own.
        return series.astype(object).tolist()
    if kind.kind == "M":
        return _times(series)
    if kind.kind == "O":
        return series.tolist()
    return numpy.ascontiguousarray(series.to_numpy())


def _times(series: Any) -> Any:
    import numpy
    values = numpy.ascontiguousarray(series.to_numpy())
    # numpy has no null: where a time is missing, objects say so by row.
    return series.astype(object).tolist() if numpy.isnat(values).any() else values
