"""A rate that is corrected later: which invoices it concerns, and by exactly how much each of them is wrong."""

from dataclasses import replace

import msgspec
import pytest

from domain.fanout.taxed_invoices import invoices_taxed_in
from domain.ids import InvoiceId
from domain.money import Money
from domain.reactions.house import House
from domain.tax.correction import Standing, Way, difference
from domain.tax.decide import decide
from domain.tax.decision import TaxDecision, TaxQuestion
from domain.tax.place import Place
from domain.tax.rate import rates_in_force
from domain.tax.reverse import remaining
from domain.wire import from_json
from tests.domain.tax.questions import EUR, line, question, rate
from tests.lives import buyer, day, invoices_of, start, until
from tests.tax_kit import publish_rate, register, vat
from tests.world import World, make_world

OLD = rate("DE", 190_000)
NEW = replace(OLD, rate_ppm=170_000, version=2)


def eur(minor: int) -> Money:
    return Money(minor, EUR)


def as_decided(question: TaxQuestion, decision: TaxDecision) -> tuple[Standing, ...]:
    """The charges of a decision of which nothing was given back."""
    taxes = {line.position: line.components for line in decision.lines}
    return tuple(
        Standing(line.position, line.amount, line.inclusive, Money.zero(line.amount.currency), taxes[line.position])
        for line in question.lines
    )


def test_too_much_tax_is_a_credit_and_too_little_a_charge() -> None:
    for before, after, way, minor in ((OLD, NEW, Way.CREDIT, -200), (NEW, OLD, Way.CHARGE, 200)):
        asked = question("DE", "DE", [line(10_000)], [before])
        found = difference(EUR, as_decided(asked, decide(asked)), decide(replace(asked, rates=(after,))))
        assert (found.way, found.tax, found.gross) == (way, eur(minor), eur(minor))
        (only,) = found.lines
        assert [each.rate_id for each in only.components] == [before.id, after.id]
        assert (only.net, only.tax, only.gross) == (eur(0), eur(minor), eur(minor))


def test_a_price_that_held_its_tax_is_owed_as_before_and_posted_anew() -> None:
    asked = question("DE", "DE", [line(11_900, inclusive=True)], [OLD])
    found = difference(EUR, as_decided(asked, decide(asked)), decide(replace(asked, rates=(NEW,))))
    assert (found.way, found.gross) == (Way.REPOST, eur(0))
    assert (found.tax, found.lines[0].net) == (eur(1729 - 1900), eur(171))


def test_another_version_that_says_the_same_changes_nothing() -> None:
    asked = question("DE", "DE", [line(10_000)], [OLD])
    same = replace(rate("DE", 190_000), version=2)
    found = difference(EUR, as_decided(asked, decide(asked)), decide(replace(asked, rates=(same,))))
    assert (found.way, found.lines, found.tax) == (Way.NOTHING, (), eur(0))


def test_of_what_was_given_back_already_nothing_is_corrected() -> None:
    asked = question("DE", "DE", [line(10_000)], [OLD])
    (whole,) = as_decided(asked, decide(asked))
    today = decide(replace(asked, rates=(NEW,)))
    half = replace(whole, given_back=eur(5_000), components=remaining(whole.components, eur(10_000), eur(5_000)))
    assert difference(EUR, [half], today).gross == eur(-100)
    gone = replace(whole, given_back=eur(10_000), components=remaining(whole.components, eur(10_000), eur(10_000)))
    assert difference(EUR, [gone], today).way is Way.NOTHING


@pytest.fixture
async def shop(house: House) -> World:
    """A German tenant, registered for VAT at home."""
    made = await make_world(house)
    for each in (vat("DE", 190_000), vat("FR", 200_000)):
        await publish_rate(made, each)
    await register(made, "DE")
    return made


@pytest.mark.row("E6")
async def test_a_correction_finds_the_invoices_of_its_span_and_what_each_is_wrong_by(shop: World) -> None:
    ada, ben = await buyer(shop), await buyer(shop)
    for who in (ada, ben):
        await start(shop, who)
    await until(shop, ada, day(3, 2))
    await publish_rate(shop, vat("DE", 160_000, effective_from=day(2, 1)))
    db, tenant = shop.house.db.primary, shop.tenant.tenant
    listed = await invoices_taxed_in(db, tenant, "DE", day(2, 1), None, None, 100)
    (_, february, march) = await invoices_of(shop, ada)
    assert [(each.customer, each.invoice) for each in listed] == [(ada.id, february.id), (ada.id, march.id)]
    assert await invoices_taxed_in(db, tenant, "DE", day(2, 1), None, listed[0], 100) == listed[1:]
    assert await invoices_taxed_in(db, tenant, "DE", day(2, 1), day(3, 1), None, 100) == listed[:1]
    assert await invoices_taxed_in(db, tenant, "FR", day(1, 1), None, None, 100) == []
    for each in listed:
        assert await wrong_by(shop, each.invoice) == (-30, Way.CREDIT)
    everything = await invoices_taxed_in(db, tenant, "DE", day(1, 1), None, None, 100)
    assert len(everything) == 4
    others = [each.invoice for each in everything if each not in listed]
    assert [await wrong_by(shop, id) for id in others] == [(0, Way.NOTHING)] * 2


async def wrong_by(shop: World, id: InvoiceId) -> tuple[int, Way]:
    """What today's rates change of an invoice."""
    db = shop.house.db.primary
    row = await db.fetchrow(
        "SELECT question, decision FROM tax_decision WHERE shard_key = $1 AND subject = $2", id.shard, id.uuid
    )
    assert row is not None
    asked = from_json(TaxQuestion, msgspec.json.decode(row["question"]))
    stored = from_json(TaxDecision, msgspec.json.decode(row["decision"]))
    rates = await rates_in_force(db, shop.tenant.tenant, [Place("DE")], [], asked.at)
    found = difference(EUR, as_decided(asked, stored), decide(replace(asked, rates=tuple(rates))))
    return found.gross.minor, found.way
