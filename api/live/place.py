"""The id of an event in a live stream: which kind of stream, and how far in it."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from api.errors import Code, Fault

_FORM: Final = re.compile(r"([a-z])(0|[1-9][0-9]{0,17})(?:\.([1-9][0-9]{0,8}))?")  # below 2^63 and 2^31
WHOLE: Final = 10**9  # behind the last object of any operation: beyond what the form can say


class Stream(StrEnum):
    """The kinds of streams, by the letter that their ids begin with."""

    INVOICES = "i"
    SUBSCRIPTIONS = "s"
    BALANCE = "b"
    OPERATION = "o"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """After which operation or posting of the customer a stream stands, and after which of its objects."""

    number: int
    index: int = WHOLE

    def id(self, stream: Stream) -> str:
        """The place as an event's id."""
        return f"{stream}{self.number}" if self.index == WHOLE else f"{stream}{self.number}.{self.index}"

    @classmethod
    def parse(cls, text: str, stream: Stream) -> Self:
        """The place of an id; BAD_INPUT for anything that is no id of such a stream."""
        found = _FORM.fullmatch(text)
        if not found or found[1] != stream:
            raise Fault(Code.BAD_INPUT, "No event of this subscription has that lastEventId.")
        return cls(int(found[2]), int(found[3] or WHOLE))
