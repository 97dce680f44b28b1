"""Exceptions of failed calls: one class for each thing that a caller can do about the failure."""

import builtins
from typing import Dict, Optional, Type


class Error(Exception):
    """A call failed.

    kind: what went wrong, as the program's JSON names it: "invalid_argument", "unavailable", ...
    may_be_applied: whether part of a write may be stored. Repeat it with the same token then.
    retryable: whether the same call may succeed later.
    server_code: the ClickHouse error code; 0 without one.
    row, column, value, rule: the value that was refused and what it must be; None when it is about no value.
    rows_stored: rows of the call that were stored before, where it had more than one insert takes.
    """

    kind: str = "invalid_argument"
    may_be_applied: bool = False
    retryable: bool = False
    server_code: int = 0
    row: Optional[int] = None
    column: Optional[str] = None
    value: Optional[str] = None
    rule: Optional[str] = None
    rows_stored: int = 0


class InvalidArgumentError(Error, ValueError):
    """The call was wrong; repeated unchanged, it fails again."""


class RejectedError(Error):
    """The engine understood the statement and refused it; see server_code."""


class TimeoutError(Error, builtins.TimeoutError):
    """The call's time budget ran out."""


class UnavailableError(Error, ConnectionError):
    """No healthy connection, or another process holds the store; try later."""


class CorruptError(Error):
    """Bytes did not decode, or stored data contradicts itself."""


class TooLargeError(Error, ValueError):
    """A documented limit was reached; nothing was sent."""


class StorageError(Error, OSError):
    """The disk is full, read-only or unreadable."""


class IncompatibleError(Error):
    """The store belongs to a newer program or to another one."""


class ConflictError(Error):
    """The name of a request was used before for another content."""


class CancelledError(Error):
    """The caller asked the call to stop."""


_CLASSES: Dict[str, Type[Error]] = {
    "invalid_argument": InvalidArgumentError, "rejected": RejectedError, "timeout": TimeoutError,
    "unavailable": UnavailableError, "corrupt": CorruptError, "too_large": TooLargeError, "storage": StorageError,
    "incompatible": IncompatibleError, "conflict": ConflictError, "cancelled": CancelledError,
}


def make(kind: str, message: str, may_be_applied: int, retryable: int, server_code: int, row: int, column: str,
         value: str, rule: str, rows_stored: int) -> Error:
    """Makes the exception for a failure; called by the extension."""
    error = _CLASSES.get(kind, Error)(message)
    error.kind = kind
    error.may_be_applied = bool(may_be_applied) or rows_stored > 0
    error.retryable = bool(retryable)
    error.server_code = server_code
    error.rows_stored = rows_stored
    if row >= 0:
        error.row, error.column, error.value, error.rule = row, column, value, rule
    return error
