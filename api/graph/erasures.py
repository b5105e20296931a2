"""Erasures and legal holds as people see them."""

from datetime import datetime
from enum import Enum

import strawberry

from api.scalars import GlobalId
from domain.db import Primary
from domain.ids import CustomerId
from domain.privacy import erasure as erasures
from domain.privacy import legal_hold as holds


@strawberry.enum(description="How far an erasure is. More values may come.")
class ErasureState(Enum):
    """The domain's states."""

    ASKED = strawberry.enum_value("asked", description="It waits: for another person, or for its day.")
    REJECTED = strawberry.enum_value("rejected", description="Somebody decided against it.")
    WITHDRAWN = strawberry.enum_value("withdrawn", description="The customer took it back.")
    ERASED = strawberry.enum_value("erased", description="Nothing personal is left but sealed documents.")
    KEY_DESTROYED = strawberry.enum_value("key_destroyed", description="Its documents can be read by nobody any more.")


@strawberry.type(description="A request to erase a customer.")
class Erasure:
    """The domain's erasure."""

    id: GlobalId = strawberry.field(description="Its id.")
    customer_id: GlobalId = strawberry.field(description="Who is to be erased.")
    state: ErasureState = strawberry.field(description="How far it is.")
    asked_at: datetime = strawberry.field(description="When it was asked for, in wall time.")
    erase_at: datetime | None = strawberry.field(
        description="When it is carried out by itself, in business time; null: once another person agrees."
    )
    keep_until: datetime | None = strawberry.field(
        description="From when on its sealed documents need not be readable any more; null before it was carried out."
    )

    @classmethod
    def of(cls, of: erasures.Erasure) -> "Erasure":
        """The domain's request."""
        return cls(
            id=GlobalId(str(of.id)), customer_id=GlobalId(str(of.customer)), state=ErasureState(of.state.name),
            asked_at=of.recorded_at, erase_at=of.erase_at, keep_until=of.keep_until,
        )  # fmt: skip


@strawberry.type(description="A legal hold: while it is set, nothing of the customer is erased.")
class LegalHold:
    """The domain's hold; people are named as the audit trail names them."""

    id: GlobalId = strawberry.field(description="Its id.")
    customer_id: GlobalId = strawberry.field(description="Who is held.")
    reason: str = strawberry.field(description="Why.")
    set_by: str = strawberry.field(description="Who set it.")
    set_at: datetime = strawberry.field(description="When, in wall time.")
    lifted_by: str | None = strawberry.field(description="Who lifted it; null while it is set.")
    lifted_why: str | None = strawberry.field(description="Why it was lifted.")
    lifted_at: datetime | None = strawberry.field(description="When, in wall time.")

    @classmethod
    def of(cls, of: holds.LegalHold) -> "LegalHold":
        """The domain's hold."""
        return cls(
            id=GlobalId(str(of.id)), customer_id=GlobalId(str(of.customer)), reason=of.reason, set_by=of.set_by,
            set_at=of.set_at, lifted_by=of.lifted_by, lifted_why=of.lifted_why, lifted_at=of.lifted_at,
        )  # fmt: skip


async def newest(db: Primary, customer: CustomerId) -> Erasure | None:
    """The customer's newest request."""
    of = await erasures.erasure_of(db, customer)
    return Erasure.of(of) if of else None
