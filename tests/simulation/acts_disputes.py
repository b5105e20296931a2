"""What cardholders dispute through their banks, and how staff answer it."""

from datetime import timedelta

from domain.actor import Grant
from domain.ids import DisputeId
from domain.payments.answer_dispute import AcceptDispute, SubmitEvidence, accept_dispute, submit_evidence
from domain.payments.evidence import EvidenceKind, FileGiven, TextGiven
from domain.reactions.lost_disputes import look_for_disputes
from domain.refusals import RefusalCode as No
from tests.simulation.acts_customers import Act, prompt
from tests.simulation.facts import Row
from tests.simulation.provider_books import Decision
from tests.simulation.town import ACCOUNT, Patron, Town

PDF = "JVBERi0xLjcgc2lnbmVk"  # %PDF-1.7 signed


def dispute(town: Town) -> Act | None:
    """A cardholder disputes a charge, whole or in part, whatever was given back of it."""
    books, chance = town.provider.books, town.chance
    charges = [each for each in books.charges.values() if each.state == "captured"]
    charges = [each for each in charges if books.disputed(each) < each.taken]
    if not charges:
        return None
    given = {each.charge.ref for each in books.repayments.values()}
    after = [each for each in charges if each.ref in given]
    charge = chance.choice(after if after and chance.random() < 0.4 else charges)
    left = charge.taken - books.disputed(charge)
    minor = chance.choice((left, left, max(1, left // 3), 1))
    decision = Decision(
        won=chance.random() < 0.5,
        fee=chance.choice((0, 1500, 20)),
        answer_in=timedelta(hours=chance.randint(1, 24 * 21)),
        decided_after=timedelta(hours=chance.randint(0, 24 * 40)),
        withdrawn_after=timedelta(hours=chance.randint(0, 24 * 20)) if chance.random() < 0.2 else None,
        again_after=timedelta(hours=chance.randint(1, 24 * 20)) if chance.random() < 0.2 else None,
        answer_fee=chance.choice((0, 0, 700)),
        fee_back=chance.random() < 0.5,
        mute=chance.random() < 0.3,
    )
    town.note(f"{minor} of {charge.taken} taken by {charge.ref.rpartition('-')[2]}, {len(after)} were refunded")

    async def act() -> None:
        town.provider.dispute(charge, minor, decision)

    return act()


def _any(town: Town) -> tuple[Row, Patron, DisputeId] | None:
    """Mostly a dispute that is open, sometimes any."""
    rows = [row for row in town.facts.rows["dispute"] if row["state"] == "open"]
    if not rows or town.chance.random() < 0.1:
        rows = town.facts.rows["dispute"]
    if not rows:
        return None
    row = town.chance.choice(rows)
    patron = town.patron_of(row["customer_id"])
    town.note(f"{row['amount']} {row['state']} of {patron}")
    return row, patron, DisputeId(patron.id.shard, row["id"])


def answer(town: Town) -> Act | None:
    """Staff answers a dispute with what it has."""
    found = _any(town)
    if found is None:
        return None
    _, patron, id = found
    text = TextGiven(EvidenceKind.EXPLANATION, f"They used it every day, says {town.new_key()}.")
    files = (FileGiven(EvidenceKind.RECEIPT, "application/pdf", PDF),) if town.chance.random() < 0.5 else ()

    async def act() -> None:
        command = SubmitEvidence(id, (text,), files)
        await town.call("answer", submit_evidence, town.staff(), patron.id, command, may=[No.STATE_CONFLICT])
        await prompt(town, patron)

    return act()


def give_in(town: Town) -> Act | None:
    """Staff accepts a dispute."""
    found = _any(town)
    if found is None:
        return None
    _, patron, id = found

    async def act() -> None:
        command = AcceptDispute(id, "It is true.")
        actor = town.staff(Grant.LEAD)
        await town.call("give in", accept_dispute, actor, patron.id, command, may=[No.STATE_CONFLICT])
        await prompt(town, patron)

    return act()


def search(town: Town) -> Act:
    """The hourly job looks through the provider's list for disputes that nobody was told of."""

    async def act() -> None:
        town.note(f"{await look_for_disputes(town.process.house, ACCOUNT)} found")

    return act()
