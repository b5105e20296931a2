"""The numbers that a document is held against before it is validated or run."""

from dataclasses import dataclass
from typing import Final

from graphql import GraphQLError

from api.errors import Code, Fault
from api.weigh import Weighed


@dataclass(frozen=True, slots=True)
class Limits:
    """The most a document may ask for; depth, fields, aliases and cost hold for each operation, fragments expanded."""

    characters: int
    tokens: int | None
    definitions: int
    selections: int
    fields: int
    directives: int
    repeats: int
    aliases: int
    depth: int
    cost: int


FREE_TEXT: Final = Limits(
    characters=32_768,  # sixteen for each token; a longer text is comments or one huge string
    tokens=2_000,  # parsed in about 5 ms
    definitions=50,  # one operation and its fragments; 1,000 operations have no honest use
    selections=250,  # the introspection query of tools has 75
    fields=2_000,
    directives=50,
    repeats=2_000,  # checking that fields merge compares pairs, at 10 microseconds each: 20 ms
    aliases=50,  # twelve months of four figures
    depth=12,
    cost=1_000,
)
TRUSTED: Final = Limits(
    # Our own build made these texts, and Relay compiles large ones; what they may ask the database for stays the same.
    characters=131_072,
    tokens=None,
    definitions=300,
    selections=3_000,
    fields=5_000,
    directives=1_000,  # Relay marks fragments with directives of its own
    repeats=100_000,
    aliases=200,
    depth=12,
    cost=1_000,
)


def excesses(weighed: Weighed, limits: Limits) -> list[GraphQLError]:
    """One Fault for each limit that the document passes, counts of its text first."""
    operations = weighed.operations.values()
    found = {
        "definitions": weighed.definitions,
        "selections": weighed.selections,
        "directives": weighed.directives,
        "repeats": weighed.repeats,
        "fields": max((weight.fields for weight in operations), default=0),
        "aliases": max((weight.aliases for weight in operations), default=0),
        "depth": max((weight.depth for weight in operations), default=0),
        "cost": max((weight.cost for weight in operations), default=0),
    }
    return [
        exceeded(name, getattr(limits, name), count) for name, count in found.items() if count > getattr(limits, name)
    ]


def exceeded(name: str, maximum: int, found: int | None = None) -> Fault:
    """The Fault for one limit; ``found`` is left out where counting stopped at the limit."""
    message = f"The document passes the limit of {maximum} for {name}."
    details = {} if found is None else {"found": found}
    return Fault(Code.COST_EXCEEDED, message, limit=name, maximum=maximum, **details)
