"""Processes that end when the one which started them is gone, even if that was killed."""

from __future__ import annotations

import os
import threading
import time

_LOOK_EVERY = 1.0  # seconds


def end_with(parent: int) -> None:
    """End this process soon after it has lost its parent, which has this number."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    os._exit(1)
