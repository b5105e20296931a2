"""One of our programs, which dies as by kill -9 where it first stands at a named point.

`python -m tests.mortal api POINT`, or `jobs POINT`. The programs know of no such end, and no setting leads to it: only
who starts them from here hangs it in, from outside.
"""

import os
import runpy
import signal
import sys

from domain import points


def main(program: str, point: str) -> None:
    """Runs the program; it ends at the point."""
    assert point in points.POINTS, point

    def die(reached: str) -> None:
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    points.on_reached.append(die)
    sys.argv = [program]
    runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
