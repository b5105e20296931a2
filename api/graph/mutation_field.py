"""How a mutation stands in the schema: its resolver, what it does, and its one argument."""

from typing import Any, Final

import strawberry

_INPUT: Final = "What is asked for, and the key it is asked under."


def mutation_field(resolver: Any, description: str) -> Any:
    """The field of a mutation; its argument is described alike in all of them."""
    field = strawberry.field(resolver=resolver, description=description)
    for argument in field.arguments:
        argument.description = _INPUT
    return field
