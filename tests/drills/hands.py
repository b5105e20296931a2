"""The hands of a clock that a drill turns: processes go by it under libfaketime, which fakes the time of day alone.

It is Debian's package ``faketime``, or LIBFAKETIME says where it is. A clock that counts from the start is left as it
is: it does not jump on a real machine either.
"""

import glob
import os
from pathlib import Path


def library() -> str:
    """Where libfaketime is."""
    found = [os.environ.get("LIBFAKETIME", ""), *glob.glob("/usr/lib*/faketime/libfaketime.so.1"),
             *glob.glob("/usr/lib*/*/faketime/libfaketime.so.1")]  # fmt: skip
    at = next((path for path in found if path and Path(path).exists()), None)
    assert at, "this drill needs libfaketime: apt-get install faketime, or LIBFAKETIME=path"
    return at


class Hands:
    """A clock's hands: whoever runs under it is told a time so many seconds away from the machine's."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.turn(0)

    def turn(self, seconds: int) -> None:
        """Moves them at once."""
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{seconds:+d}\n")
        draft.rename(self._file)

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process go by it."""
        return {"LD_PRELOAD": library(), "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_NO_CACHE": "1",
                "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}  # fmt: skip
