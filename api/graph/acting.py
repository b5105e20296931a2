"""What a page shows as long as a member of staff stands in a customer's place."""

from datetime import datetime

import strawberry

from api.graph.context import Info


@strawberry.type(description="A member of staff in the place of the customer's users; every change names it.")
class ActingFor:
    """The facts of the banner."""

    staff: str = strawberry.field(description="The subject of the member of staff.")
    reason: str = strawberry.field(description="Why, in its own words.")
    until: datetime = strawberry.field(description="When it ends at the latest.")
    may_write: bool = strawberry.field(description="Whether it was let change things; else it only looks.")


def acting_for(info: Info) -> ActingFor | None:
    """The facts; None where a user of the customer itself asks."""
    principal, actor = info.context.principal, info.context.actor
    if principal.acting_staff is None or principal.reason is None:
        return None
    return ActingFor(
        staff=principal.acting_staff, reason=principal.reason, until=principal.until, may_write=not actor.only_looks
    )
