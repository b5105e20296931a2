"""A pytest plugin: of several workers each begins with another kind of long test, so that none is left for the end.

A worker that has done its own share takes over from the end of another's, so what stands first is begun first, and
nobody else does a part of it, for which all that its module needs would have to be made again.
"""

from typing import Final

import pytest

# What waits for servers to start and end comes one by one beside what computes: together, nobody would compute.
WAITING: Final = (
    "tests/crash", "tests/story", "tests/bench", "tests/dev/test_stack", "tests/jobs/test_worker",
    "tests/jobs/test_queue_outage", "tests/domain/test_consistency",
)  # fmt: skip
LIVES: Final = ("tests/simulation",)
# What goes through every mutation: a stage for all of them takes seconds to make.
STAGED: Final = (
    "tests/api/test_bad_input", "tests/api/test_every_refusal", "tests/api/test_misuse",
    "tests/api/test_the_door_refuses", "tests/api/test_everything_twice",
)  # fmt: skip
# More than five seconds each: properties of many examples, and what goes through every letter.
COMPUTING: Final = (
    "tests/domain/tax/test_decide_properties", "tests/domain/invoices/test_document.py",
    "tests/domain/invoices/test_explanation", "tests/domain/invoices/test_compare",
    "tests/domain/invoices/test_reversal", "tests/domain/subscriptions/test_proration",
    "tests/domain/catalog/test_discount",
    "tests/domain/customers/test_tax_ids", "tests/domain/corrections/test_correction_properties",
    "tests/api/test_schema_published",
)  # fmt: skip
LONG: Final = (WAITING, LIVES, STAGED, COMPUTING)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts each kind at the beginning of another worker's share; every item stays, and the rest keeps its order."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers < len(LONG):
        return
    heads = [[each for each in items if each.nodeid.startswith(kind)] for kind in LONG]
    rest = [each for each in items if not each.nodeid.startswith(tuple(path for kind in LONG for path in kind))]
    size, ordered = len(items) // workers, []
    for head in heads:
        fill = max(0, size - len(head))
        ordered += head + rest[:fill]
        rest = rest[fill:]
    items[:] = ordered + rest
