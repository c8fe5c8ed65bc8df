"""How far a long run is: a line on standard error, or a call of a function of the user's."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeAlias

_EVERY = 0.5  # seconds

# Called with the number of ads done and the share of the work done, 0 to 1 (0 where it is not known).
ProgressLike: TypeAlias = bool | Callable[[int, float], None] | None


class Progress:
    """One line that is written over: ads done, ads per second, share of the file, time left.

    Parameters
    ----------
    show : bool, callable or None
        None shows it on a terminal only. A callable is called instead, with the ads done and the share
        done, after each batch; what it raises ends the run.
    done : int
        Ads that were done before.
    """

    def __init__(self, show: ProgressLike, done: int = 0) -> None:
        self._call = show if callable(show) else None
        self._show = _on_terminal() if show is None else bool(show)
        self._started = self._last = time.monotonic()
        self._before = done
        self._share_before = 0.0
        self._width = 0

    def update(self, done: int, share: float) -> None:
        """Show `done` ads, `share` (0 to 1, 0 for unknown) of the file."""
        if self._call is not None:
            self._call(done, share)
            return
        now = time.monotonic()
        if not self._show or now - self._last < _EVERY:
            return
        self._last = now
        taken = now - self._started
        rate = (done - self._before) / taken
        line = f"{done:,} ads, {rate:,.0f} a second"
        if share > self._share_before:
            line += f", {share:.0%}, {self._left(share)}"
        self._write(line)

    def _left(self, share: float) -> str:
        """The time left, if what is left takes as long as what was done."""
        taken, before = time.monotonic() - self._started, self._share_before
        left = round(taken * (1 - share) / (share - before))
        return f"{left // 60}:{left % 60:02} left"

    def start_at(self, share: float) -> None:
        """Count time from here: what came before was skipped."""
        self._started, self._share_before = time.monotonic(), share

    def close(self) -> None:
        """Take the line away."""
        if self._width:
            self._write("")
            sys.stderr.write("\r")
            sys.stderr.flush()

    def _write(self, line: str) -> None:
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = len(line)


class Steps(Progress):
    """One line that is written over: the step of a long work, and the time left.

    Parameters
    ----------
    show : bool, callable or None
        As in `Progress`; a callable gets the number of steps done and the share done.
    total : int
        How many steps there are, of about equal length.
    """

    def __init__(self, show: ProgressLike, total: int) -> None:
        super().__init__(show)
        self._total, self._done = total, 0

    def done(self, what: str) -> None:
        """Count a step that is done, and name it."""
        self._done += 1
        share = min(1.0, self._done / self._total)
        if self._call is not None:
            self._call(self._done, share)
        elif self._show:
            self._write(f"{what} ({self._done} of {self._total}), {self._left(share)}")


def _on_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()
