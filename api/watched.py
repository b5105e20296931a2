"""How long each door takes to begin its answer, measured from the headers of a request to those of the answer."""

import time
from functools import cache
from typing import Final

from prometheus_client import Histogram
from starlette.types import Scope

from api.measures import REQUESTS

DOORS: Final = frozenset(
    {"graphql", "webhooks", "documents", "console", "login", "callback", "session", "logout"}
    | {"healthz", "readyz", "metrics"}
)
"""First parts of paths that are told apart; everything else, also what somebody made up, is "other"."""


def door_of(scope: Scope) -> str:
    """The door that a request knocks at, one of a closed list of words."""
    _, _, rest = scope["path"].partition("/")
    first = rest.partition("/")[0]
    return first if first in DOORS else "other"


def measure(door: str, status: str, began: float) -> None:
    """Counts a request that began at these monotonic seconds, by its door and the class of its status."""
    _of(door, status).observe(time.monotonic() - began)


@cache  # a few dozen: both words are of closed lists
def _of(door: str, status: str) -> Histogram:
    return REQUESTS.labels(door, status)
