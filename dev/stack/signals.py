"""Ctrl-C and its kin: the first one ends the run, a second one hurries the end."""

import os
import select
import signal
import time
from types import FrameType, TracebackType

# One Ctrl-C can arrive twice, from the terminal and passed on by make; a person takes longer.
SAME_SIGNAL_SECONDS = 1.0
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """While entered, the first stopping signal raises KeyboardInterrupt and later ones only set `hurry`."""

    def __init__(self) -> None:
        self._stopping_since: float | None = None
        self._again = False
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def __enter__(self) -> "StopSignals":
        self._before = {number: signal.signal(number, self._stop) for number in STOPPING}
        # The end of a child has to wake the watch; a handler that does nothing still writes to the pipe.
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def hurry(self) -> bool:
        """Whether somebody asked again."""
        return self._again

    def wait(self, seconds: float | None) -> None:
        """Sleep until a signal arrives or the time is over."""
        select.select([self._read], [], [], seconds)
        try:
            os.read(self._read, 512)
        except BlockingIOError:
            return

    def close_door(self) -> None:
        """From here on signals only hurry."""
        if self._stopping_since is None:
            self._stopping_since = time.monotonic()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._stopping_since is not None:
            self._again = time.monotonic() - self._stopping_since > SAME_SIGNAL_SECONDS
            return
        self.close_door()
        raise KeyboardInterrupt
