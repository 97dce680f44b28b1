"""Brings what the library tells while it works to the logger "optiinfra"."""

import atexit
import logging
import os
import threading
from typing import Optional

from . import _native

logger = logging.getLogger("optiinfra")
# A library is silent unless the program sets logging up.
logger.addHandler(logging.NullHandler())

_lock = threading.Lock()
_thread: Optional[threading.Thread] = None


def start() -> None:
    """Starts the thread that hands messages on, once in a process: with the first client or writer."""
    global _thread
    with _lock:
        if _thread is None:
            _thread = threading.Thread(target=_hand_on, name="optiinfra log", daemon=True)
            _thread.start()


def _hand_on() -> None:
    while True:
        messages = _native.next_messages()
        if not messages:
            return
        for is_warning, text in messages:
            logger.log(logging.WARNING if is_warning else logging.INFO, "%s", text)


def _stop() -> None:
    """Hands on what is left."""
    _native.end_messages()
    if _thread is not None:
        _thread.join(timeout=5)


def _begin_again() -> None:
    """In a forked process, which has no such thread."""
    global _lock, _thread
    _lock, _thread = threading.Lock(), None
    _native.restart_messages()


# Registered before clients and writers are, so that it runs after they are closed.
atexit.register(_stop)
os.register_at_fork(after_in_child=_begin_again)
