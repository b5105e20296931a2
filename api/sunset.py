"""What an answer says in its headers about a document of which something goes: RFC 9745 and RFC 8594."""

from datetime import UTC, date, datetime, time
from email.utils import format_datetime

from api.documents import Found


def what_goes(found: Found) -> dict[str, str]:
    """``Deprecation`` and ``Sunset`` of a registered document, by what comes first; empty where nothing goes.

    A document goes when it is retired, or when a field is removed that it asks for.
    """
    trusted = found.trusted
    if trusted is None:
        return {}
    since = [_begin(each.since) for each in found.prepared.reading.deprecated if each.since]
    ends = [_begin(each.removal) for each in found.prepared.reading.deprecated if each.removal]
    if trusted.announced_at and trusted.retires_at:
        since.append(trusted.announced_at)
        ends.append(trusted.retires_at)
    if not since or not ends:
        return {}
    return {
        "Deprecation": f"@{int(min(since).timestamp())}",  # RFC 9745 section 2.1: a date of structured fields
        "Sunset": format_datetime(min(ends).astimezone(UTC), usegmt=True),  # RFC 8594 section 3: an HTTP date
    }


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
