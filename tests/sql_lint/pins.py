"""Which parameters pin the shard keys of a statement: the equalities that were read, and what follows from them."""

from collections.abc import Iterable
from dataclasses import dataclass

Place = tuple[object, ...]  # ("column", scope, alias, name), ("parameter", number) or ("derived", number)


@dataclass(frozen=True, slots=True)
class Alias:
    """One use of a table in a statement; ``key`` is the column that splits its rows, empty for a reference table."""

    scope: int
    name: str
    table: str
    split: str  # "S", "R" or "D:<group>"
    key: str

    @property
    def place(self) -> Place:
        """The column that says on which shard the rows are."""
        return ("column", self.scope, self.name, self.key)


class Pins:
    """Places that have the keys of other places, and the parameters that each of them is equal to in the end."""

    def __init__(self) -> None:
        self._follow: list[tuple[Place, tuple[Place, ...]]] = []

    def follow(self, place: Place, sources: Iterable[Place]) -> None:
        """In every row the place holds what one of the sources holds; the sources learn nothing from it."""
        self._follow.append((place, tuple(sources)))

    def solve(self, known: Iterable[Place] = ()) -> dict[Place, frozenset[int]]:
        """The numbers of the parameters by place; what is not there is not pinned. ``known`` count as pinned by 0."""
        keys: dict[Place, frozenset[int]] = {place: frozenset({0}) for place in known}
        grown = True
        while grown:
            grown = False
            for place, sources in self._follow:
                found = [_parameter(source) or keys.get(source, frozenset()) for source in sources]
                more = keys.get(place, frozenset()).union(*found)
                if all(found) and more != keys.get(place):
                    keys[place], grown = more, True
        return keys


def _parameter(place: Place) -> frozenset[int]:
    return frozenset({int(str(place[1]))}) if place[0] == "parameter" else frozenset()
