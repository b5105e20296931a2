"""What people type into a mutation: a part that cannot be meant is refused as data of its payload, never by value."""

import re
from collections.abc import Callable
from typing import Final, TypeVar

from api.errors import Fault
from api.scalars import GlobalId, Text
from domain.notices.mailbox import mailbox
from domain.refusals import RefusalCode, Refused

NAME: Final = Text(max_length=200)  # names, codes and references of people and firms
NOTE: Final = Text(max_length=500)  # a sentence or two
# What a token can carry as issuer, subject or client id; another spelling could never sign in.
_WORD: Final = re.compile(r"[\x21-\x7e]{1,255}")

Id = TypeVar("Id")


def refused(message: str, *path: str) -> Refused:
    """INVALID_INPUT about the part of the input at the path."""
    return Refused(RefusalCode.INVALID_INPUT, message, path)


def text(rule: Text, value: str, *path: str) -> str:
    """The value itself, which says something; INVALID_INPUT for a blank one or one that breaks the rule."""
    try:
        rule(value, path[-1])
    except Fault as fault:
        raise refused(fault.message, *path) from None
    if not value.strip():
        raise refused(f"{path[-1]} must not be blank.", *path)
    return value


def word(value: str, *path: str) -> str:
    """The value itself; INVALID_INPUT unless it is 1 to 255 visible ASCII characters."""
    if not _WORD.fullmatch(value):
        raise refused(f"{path[-1]} must be 1 to 255 visible ASCII characters.", *path)
    return value


def post_address(value: str, *path: str) -> str:
    """The value itself; INVALID_INPUT unless mail can go there."""
    if mailbox(text(NAME, value, *path)) is None:
        raise refused("No mail can be addressed so.", *path)
    return value.strip()


def id_of(parse: Callable[[str], Id], value: GlobalId, *path: str) -> Id:
    """The id that ``parse`` reads; NOT_FOUND, naming the path, for any other text."""
    try:
        return parse(value)
    except Refused as refusal:
        raise Refused(refusal.code, refusal.message, path) from None
