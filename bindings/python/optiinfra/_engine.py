"""Finds the engine library (libchdb.so)."""

import os
import sys
from typing import Iterator, Optional


def _candidates() -> Iterator[str]:
    package = os.path.dirname(os.path.realpath(__file__))
    yield os.path.join(os.path.dirname(os.path.abspath(__file__)), "libchdb.so")
    yield os.path.join(package, "libchdb.so")
    for prefix in (sys.prefix, sys.base_prefix, "/usr/local", "/usr"):
        yield os.path.join(prefix, "lib", "optiinfra", "libchdb.so")
    # A checkout, above this package, after ./setup. Never the working folder: that may be anybody's.
    folder = package
    while folder != os.path.dirname(folder):
        if os.path.exists(os.path.join(folder, "CMakePresets.json")):
            yield os.path.join(folder, "build", "engine", "libchdb.so")
        folder = os.path.dirname(folder)


def find() -> Optional[str]:
    """The engine library's path: that of OPTIINFRA_LIBCHDB, else the first one that exists."""
    chosen = os.environ.get("OPTIINFRA_LIBCHDB")
    if chosen:
        return chosen
    return next((path for path in _candidates() if os.path.exists(path)), None)


def use() -> None:
    """Sets OPTIINFRA_LIBCHDB, where the extension looks first, to the engine library, unless it is set."""
    path = find()
    if path:
        os.environ.setdefault("OPTIINFRA_LIBCHDB", path)
