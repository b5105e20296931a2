"""Disputes in tests: opened at the provider, told by its events, and what both books say of them."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, TypeVar

from domain import due
from domain.actor import Grant
from domain.ids import CustomerId, DisputeId
from domain.operation import Operation
from domain.payments.answer_dispute import AcceptDispute, SubmitEvidence, accept_dispute, submit_evidence
from domain.payments.dispute import ASK_DISPUTE, Dispute, disputes_of_payments
from domain.payments.evidence import EvidenceKind, FileGiven, TextGiven
from domain.payments.payment import Payment, payment
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.lost_disputes import look_for_disputes
from domain.reactions.work import do, do_now
from tests.lives import buyer, start
from tests.webhook_desk import Desk, Event
from tests.world import Someone, World, fresh

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in every signature of the door

PDF = "JVBERi0xLjcgc2lnbmVk"  # %PDF-1.7 signed


async def end_of_rounds(house: House) -> None:
    """Looks through what is left of each account's round, or through a new one."""
    for account in house.gateways:
        await look_for_disputes(house, account)


async def hear_of_all(house: House) -> None:
    """Two looks: a round that another test stopped is ended by the first, which need not hear of what is newer."""
    for _ in range(2):
        await end_of_rounds(house)


def evidence(id: DisputeId) -> SubmitEvidence:
    """An answer of a text and a file."""
    text = TextGiven(EvidenceKind.EXPLANATION, "They used it every day.")
    return SubmitEvidence(id, (text,), (FileGiven(EvidenceKind.RECEIPT, "application/pdf", PDF),))


@dataclass(frozen=True)
class Disputed:
    """A customer whose payment of 10.00 EUR is in dispute at the provider; nobody here has heard of it yet."""

    world: World
    desk: Desk
    who: Someone
    paid: Payment
    ref: str

    async def events(self) -> list[Event]:
        """The provider's events about the dispute, in order."""
        return await self.desk.events_of(self.ref)

    async def told(self) -> Dispute:
        """The dispute once all its events were taken."""
        for event in await self.events():
            await self.desk.take(event)
        return await self.known()

    async def known(self) -> Dispute:
        """The dispute as we know it."""
        return next(each for each in await disputes(self.world, self.paid) if each.provider_ref == self.ref)

    async def decided(self, outcome: str, **how: Any) -> Dispute:
        """The dispute after a decision that we were told."""
        await self.desk.admin(f"disputes/{self.ref}/close", outcome=outcome, **how)
        return await self.told()

    async def by_staff(self, operation: Operation[C, O], command: C, *, follow: bool = True) -> O:
        """An operation of a lead."""
        return await by_lead(self.world, self.who.id, operation, command, follow=follow)

    async def answer(self, *, follow: bool = True) -> None:
        """Evidence that a lead submits."""
        await self.by_staff(submit_evidence, evidence((await self.known()).id), follow=follow)

    async def give_in(self) -> None:
        """A lead accepts the dispute."""
        await self.by_staff(accept_dispute, AcceptDispute((await self.known()).id, "It is true."))

    async def looked_at(self) -> None:
        """The dispute is heard of, and its end only by the due row that looks for it."""
        await self.told()
        await self.desk.admin(f"disputes/{self.ref}/close", outcome="won")
        work = await due.find(self.world.house.db.primary, self.who.id, ASK_DISPUTE, (await self.known()).id.uuid)
        assert work is not None and await do(self.world.house, work)
        assert (await self.known()).state.name == "won"

    async def now(self) -> Payment:
        """The payment as it stands."""
        return await payment(self.world.house.db.primary, self.who.id, self.paid.id)


async def by_lead(
    world: World, customer: CustomerId, operation: Operation[C, O], command: C, *, follow: bool = True
) -> O:  # fmt: skip
    """An operation of a lead, and all that follows."""
    done = await perform(world.house.db, operation, world.staff(Grant.LEAD), customer, command, fresh("lead"))
    if follow:
        await do_now(world.house, customer)
    return done.outcome


async def disputed(
    world: World, desk: Desk, minor: int = 1000, who: Someone | None = None, token: str = "tok_visa", **claim: Any
) -> Disputed:  # fmt: skip
    """A payment that its cardholder disputes, whole or a part of it."""
    ada = who or await buyer(world, token)
    begun = await start(world, ada)
    assert begun.payment is not None
    paid = await payment(world.house.db.primary, ada.id, begun.payment)
    return await disputed_again(world, desk, ada, paid, minor, **claim)


async def disputed_again(
    world: World, desk: Desk, who: Someone, paid: Payment, minor: int, **claim: Any
) -> Disputed:  # fmt: skip
    """Another part of a payment is disputed."""
    opened = await desk.admin("disputes", payment=paid.provider_ref, amount_minor=minor, **claim)
    return Disputed(world, desk, who, paid, opened["id"])


async def disputes(world: World, paid: Payment) -> list[Dispute]:
    """The disputes of a payment, oldest first."""
    found = await disputes_of_payments(world.house.db.primary, paid.customer, [paid.id])
    return found.get(paid.id, [])


async def accounts(world: World, of: Someone) -> dict[str, int]:
    """What is debited, less what is credited, to each of the customer's accounts that is not at zero."""
    rows = await world.house.db.primary.fetch(
        """SELECT debit_kind, credit_kind, amount FROM ledger_transfer WHERE shard_key = $1 AND customer_id = $2""",
        of.id.shard,
        of.id.uuid,
    )
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row["debit_kind"]] += row["amount"]
        sums[row["credit_kind"]] -= row["amount"]
    return {kind: minor for kind, minor in sums.items() if minor}


async def settled(desk: Desk, paid: Payment) -> int:
    """What the provider's settlement says of the payment, but for the fee of the charge itself, in minor units."""
    lines = (await desk.provider.get("/v1/settlements", params={"payment": paid.provider_ref})).json()["lines"]
    return sum(line["gross_minor"] - (line["fee_minor"] if line["kind"] != "charge" else 0) for line in lines)
