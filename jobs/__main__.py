"""`python -m jobs`: a worker; it prints `worker ready` once it is."""

import logging
import sys

import uvloop

from jobs.process import run
from runtime.logs import configure_logs
from runtime.settings import settings

if __name__ == "__main__":
    configure_logs()
    logging.getLogger("arq").setLevel(logging.WARNING)  # a line for every job would tell nothing that rows do not
    sys.exit(uvloop.run(run(settings())))
