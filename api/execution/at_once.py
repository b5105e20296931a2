"""Fields whose resolvers answer at once: what is known already is read in one go with what lies around it.

A resolver may give its value or something to await. Where it gives a value no task, future or path is needed; where it
has to wait, or asks for more than the request's context, the object is done again in parts, as graphql-core does it.
"""

from inspect import iscoroutinefunction
from types import CoroutineType
from typing import Any

from api.execution.gaps import Fill, Gaps
from api.execution.plain import NotPlain
from api.execution.reading import Way
from api.execution.steps import Resolver


def answering(resolver: Resolver, way: Way) -> Fill | None:
    """How the field is filled in by its resolver; None where that always waits, or not all below it is read so."""
    onward = way.filled()
    if onward is None or iscoroutinefunction(resolver.call):
        return None

    call = resolver.calling()

    def of(source: Any, gaps: Gaps) -> Any:
        value = call(source, gaps.info)
        if type(value) is CoroutineType:
            value.close()
            raise NotPlain
        return onward(value, gaps)

    return of
