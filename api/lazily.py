"""Objects of the schema whose fields are worked out when somebody asks for them: few of an invoice's twenty are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

T = TypeVar("T", bound="Lazily")


class Lazily:
    """A type made by ``made_of``: each field of ``later`` by its function of the object it was made of, once."""

    later: ClassVar[Mapping[str, Callable[[Any], Any]]]

    def __getattr__(self, name: str) -> Any:
        """Asked for what is not there yet."""
        make = type(self).later.get(name)
        if make is None:
            raise AttributeError(name)
        value = self.__dict__[name] = make(self.__dict__["made_of"])
        return value


def made_of(cls: type[T], made_of_: Any, **known: Any) -> T:
    """An instance that knows the object it is made of, and fields that are given already, none of them of ``later``."""
    made = object.__new__(cls)
    known["made_of"] = made_of_
    made.__dict__ = known
    return made


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """Makes an object of a lazy type of what ``of`` gives, or a list of them where ``many``.

    Who knows the type may read what ``of`` gives as well.
    """

    type: type[Lazily]
    of: Callable[[Any], Any]
    many: bool = False

    def __call__(self, source: Any) -> Any:
        """The object, None where it is made of nothing, or the list of objects."""
        found = self.of(source)
        if self.many:
            return [made_of(self.type, each) for each in found]
        return None if found is None else made_of(self.type, found)
