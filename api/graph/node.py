"""What Relay calls a node: an object that can be fetched again by its id alone."""

import strawberry

from api.scalars import GlobalId


@strawberry.interface(description="Anything that can be fetched again by its id.")
class Node:
    """An object with a global id."""

    id: GlobalId = strawberry.field(description="Opaque, and unique among all types; node takes it.")
