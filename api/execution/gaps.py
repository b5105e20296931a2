"""What an answer still lacks: fields that are read at once for all the places that lack them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from strawberry.types import Info

from api.execution.plain import only_context
from api.field_times import waited
from api.loaded import Loaded

Fill = Callable[[Any, "Gaps"], Any]
"""From a value to its part of the answer, noting what that lacks; raises where a value is not as plain as expected."""


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """A field of one selection that is loaded: under which name, how, and how what was read for it is answered."""

    name: str
    of: Loaded[Any, Any, Any]
    fill: Fill
    measured: str | None


class Gaps:
    """The gaps of one part of an answer; nothing is begun for them before all of the part was looked through."""

    __slots__ = ("_context", "_left", "info")

    def __init__(self, context: Any) -> None:
        self._context = context
        self.info: Info[Any, Any] = only_context(context)
        """What resolvers are told that answer at once."""
        self._left: dict[Gap, tuple[list[dict[str, Any]], list[Any]]] = {}

    def __bool__(self) -> bool:
        return bool(self._left)

    def note(self, gap: Gap, place: dict[str, Any], source: Any) -> None:
        """The place, an object of the answer made from the source, lacks that field."""
        places, keys = self._left.setdefault(gap, ([], []))
        places.append(place)
        keys.append(gap.of.key(source))

    async def close(self) -> None:
        """Fills in all of them, and those that show up in what was filled in; raises the first error of any."""
        while self._left:
            left, self._left = self._left, {}
            began = time.monotonic()
            wanted = [
                (gap, places, gap.of.loader(self._context.loaders).want(keys)) for gap, (places, keys) in left.items()
            ]
            for gap, places, asked in wanted:
                values = await asked.values()
                if gap.measured is not None:
                    waited(gap.measured, began)
                name, fill = gap.name, gap.fill
                for place, value in zip(places, values, strict=True):
                    place[name] = fill(value, self)
