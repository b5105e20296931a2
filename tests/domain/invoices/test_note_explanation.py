"""Every line of a credit note explains itself: from its explanation alone anybody gets the same minor units."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from domain.ids import CreditNoteId, InvoiceId
from domain.invoices.given_back import taken_of
from domain.invoices.issue_note import part_of
from domain.invoices.line import Line, LineRef
from domain.invoices.line_tax import TaxPart
from domain.invoices.note_line import CreditNoteLine, NotePart, Unused, note_lines_of, says
from domain.invoices.note_working import How, NoteExplanation, Working
from domain.invoices.reversal import after, amount_left, gross_left
from domain.money import total
from domain.payments.give_back_unused import unused_of
from domain.payments.note_parts import NoteLine, spread
from domain.reactions.house import House
from domain.reconciliation.explanation_checks import note_lines_explain_themselves
from domain.subscriptions.cancel import CancelAt
from domain.subscriptions.policy import SubscriptionPolicy
from domain.subscriptions.policy import Unused as UnusedPolicy
from tests.domain.invoices.bills import eur, note, notes
from tests.domain.invoices.line_kit import RATE, charge
from tests.lives import buyer, day, invoices_of, start, until
from tests.subscription_lives import cancel, rules
from tests.tax_kit import publish_rate, register, vat
from tests.world import EUR, World, make_world

EXAMPLES = settings(max_examples=600, deadline=None)  # each works a dozen lines out, and once more wrong
PLACE = InvoiceId(1, RATE)


PERCENT = some.integers(0, 100)
# Of a charge: its price, the part of its period, whether it holds its taxes, two taxes, and what was given back before.
FACTS = some.tuples(
    some.integers(0, 100_000), some.integers(0, 86_400), some.booleans(), some.integers(0, 30), PERCENT, PERCENT
)


def billed(facts: tuple[int, int, bool, int, int, int]) -> Line:
    """A charge with up to two taxes, of which parts were given back before."""
    minor, seconds, inclusive, rate, first, second = facts
    line = charge(minor, part=(seconds, 86_400), inclusive=inclusive)
    taxes = [line.amount.minor * rate // 100, line.amount.minor * (rate % 7) // 100]
    parts = tuple(
        TaxPart(part, RATE, f"tax {part}", "standard", 0, line.amount, eur(tax), eur(0))
        for part, tax in enumerate(taxes[: rate % 3], 1)
    )
    line = replace(line, components=parts)
    for percent in (first, second):
        line = after(line, taken_of(line, eur(amount_left(line).minor * percent // 100)))
    return line


def stored(part: NotePart) -> tuple[CreditNoteLine, tuple[TaxPart, ...]]:
    """The part as a line of a credit note, its working read back from its stored form."""
    taken, working = part.taken, Working.read(part.working.text())
    line = CreditNoteLine(part.of, part.description, taken.amount, taken.net, taken.tax, part.unused, working)
    return line, taken.components


def explained(parts: Sequence[NotePart], lines: Sequence[Line]) -> None:
    """Each part follows from its explanation, and from none that says something else."""
    for part in parts:
        line, taxes = stored(part)
        of = lines[part.of.position - 1]
        assert says(line, taxes, of)
        assert not says(replace(line, amount=line.amount + eur(1), net=line.net + eur(1)), taxes, of)
        assert line.working is not None
        why = NoteExplanation(line.working, line.unused.derivation if line.unused else None, of, taxes)
        assert all(abs(residue) < 1 for residue in (why.residue, *(tax.residue for tax in why.evaluated_taxes)))


@pytest.mark.row("X2")
@EXAMPLES
@given(some.lists(FACTS, min_size=1, max_size=3), PERCENT)
def test_lines_of_credit_notes_follow_from_their_explanation(
    facts: list[tuple[int, int, bool, int, int, int]], percent: int
) -> None:
    lines = [billed(each) for each in facts]
    places = [(LineRef(PLACE, place), line) for place, line in enumerate(lines, 1)]
    explained([part for ref, line in places for part in parts_of(ref, line, percent)], lines)
    whole = total((gross_left(line) for line in lines), EUR).minor
    amount = eur(whole * percent // 100)
    if amount.minor:
        spread_over = spread(places, amount)
        assert total((part.taken.gross for part in spread_over), EUR) == amount
        explained(spread_over, lines)


def parts_of(ref: LineRef, line: Line, percent: int) -> list[NotePart]:
    """So much of the line, all of it, and its unused time."""
    left = amount_left(line)
    asked = eur(left.minor * percent // 100)
    at = line.starts_at + (line.ends_at - line.starts_at) * percent / 100
    unused, derivation = unused_of(line, at)
    parts = [
        part_of(ref, line, taken_of(line, asked), Working.on(line, How.ASKED, asked)),
        part_of(ref, line, taken_of(line, left), Working.on(line, How.REST)),
    ]
    if unused <= left:
        span, working = Unused(at, line.ends_at, derivation), Working.on(line, How.UNUSED_TIME)
        parts.append(NotePart(ref, ref, line.description, taken_of(line, unused), working, span))
    return parts


@pytest.fixture(scope="module")
async def germany(house: House) -> World:
    """A tenant that charges 19 % and credits unused time."""
    own = await make_world(house)
    await publish_rate(own, vat("DE", 190_000))
    await register(own, "DE")
    await rules(own, SubscriptionPolicy(cancel_now=UnusedPolicy.CREDIT))
    return own


@pytest.mark.row("X2")
async def test_every_way_to_give_back_is_kept_with_its_working(germany: World) -> None:
    ada = await buyer(germany)
    await start(germany, ada)
    (first,) = await invoices_of(germany, ada)
    await note(germany, ada, first.id, lines=(NoteLine(1, eur(100)),), credit=119)
    await note(germany, ada, first.id, 200, credit=200)
    await until(germany, ada, day(1, 11, 18))
    await cancel(germany, ada, CancelAt.NOW)
    db = germany.house.db.primary
    await note(germany, ada, first.id, lines=(NoteLine(1, None),), credit=await left(germany, first.id))
    issued = await notes(germany, ada, first.id)
    kept = await note_lines_of(db, ada.id, [each.id for each in issued])
    assert [hows(kept[each.id]) for each in issued] == [[How.ASKED], [How.WORTH], [How.UNUSED_TIME], [How.REST]]
    assert sum(each.tax.minor for each in issued) == 190
    assert await note_lines_explain_themselves(db, ada.id.shard) == []
    assert [type(id) for id in kept] == [CreditNoteId] * 4


async def left(world: World, id: InvoiceId) -> int:
    """What is left of the invoice with tax."""
    given = await world.house.db.primary.fetchval(
        "SELECT sum(total) FROM credit_note WHERE shard_key = $1 AND invoice_id = $2", id.shard, id.uuid
    )
    return 1190 - int(given)


def hows(lines: Sequence[CreditNoteLine]) -> list[How]:
    """How each line was worked out."""
    return [line.working.how for line in lines if line.working]
