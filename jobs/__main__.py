"""``python -m jobs``: a worker; it prints ``worker ready`` once it is."""

import logging
import sys

from runtime.memory import loading


def main() -> int:
    """Works until it is told to stop; returns the exit code."""
    loading()  # before the product is imported, which is most of a start
    from runtime.settings import settings

    given = settings()  # before it, too: whoever starts a process with wrong ones need not wait to be told
    import uvloop

    from jobs.process import run
    from runtime.logs import configure_logs

    configure_logs()
    logging.getLogger("arq").setLevel(logging.WARNING)  # a line for every job would tell nothing that rows do not
    return uvloop.run(run(given))


if __name__ == "__main__":
    sys.exit(main())
