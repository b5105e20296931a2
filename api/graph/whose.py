"""Whose a mutation is about: portal users' own customer; staff and partners name one of their tenant's."""

from typing import Final

from api.graph.context import Info
from api.graph.texts import id_of, refused
from api.scalars import GlobalId
from domain.ids import CustomerId
from domain.refusals import RefusalCode, Refused

WHOSE: Final = "Whose it is: staff and partners say it, portal users may leave it out."


def customer_of(info: Info, named: GlobalId | None) -> CustomerId:
    """The customer; NOT_FOUND for another one than a portal user's own, INVALID_INPUT where nobody is named."""
    own = info.context.actor.customer
    if named is None:
        if own is None:
            raise refused("Say whose it is.", "customerId")
        return own
    customer = id_of(CustomerId.parse, named, "customerId")
    if own is not None and own != customer:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such customer.", ("customerId",))
    return customer
