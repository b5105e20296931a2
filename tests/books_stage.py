"""A legal entity and its books in tests: good input, and what is wrong with other input."""

from datetime import date, timedelta
from typing import Any

from tests.api_callers import Caller

# As in tests/api/test_bad_input.py.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("setLegalDetails", {"legalEntity": "NONE"}, "NOT_FOUND", ["legalEntity"]),
    *(("setLegalDetails", {"registerEntry": typed}, "INVALID_INPUT", ["registerEntry"]) for typed in (" ", "x" * 201)),
    *(("setLegalDetails", {"retentionYears": years}, "INVALID_INPUT", ["retentionYears"]) for years in (0, 51)),
    ("closePeriod", {"legalEntity": "NONE"}, "NOT_FOUND", ["legalEntity"]),
    ("closePeriod", {"month": "2010-01-31"}, "INVALID_INPUT", ["month"]),
    *(("closePeriod", {"month": month}, "INVALID_INPUT", ["month"]) for month in ("0001-01-01", "1999-12-01")),
    ("closePeriod", {"month": "9999-12-01"}, "STATE_CONFLICT", ["month"]),
]


async def next_to_close(admin: Caller) -> str:
    """The first day of the month after those that other tests have closed, long before any in which one sells."""
    entities = (await admin.data("{ staff { legalEntities { code closedThrough } } }"))["staff"]["legalEntities"]
    (closed,) = [each["closedThrough"] for each in entities if each["code"] == "ACMETEST"]
    return str((date.fromisoformat(closed or "2009-12-01") + timedelta(days=31)).replace(day=1))
