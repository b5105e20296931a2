"""The question as it is read from the books, and what it does not hold."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from domain.actor import Grant
from domain.customers.keep_tax_identity import JudgeTaxIdentity, judge_tax_identity
from domain.customers.tax_exemption import AddTaxExemption, add_tax_exemption
from domain.customers.tax_identity import tax_identities
from domain.money import Money
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.tax.decide import decide
from domain.tax.decision import TaxableLine, TaxQuestion
from domain.tax.place import Place
from domain.tax.question import buyers, decided, question_for
from domain.tax.rate import STANDARD, CustomerKind
from domain.wire import canonical, from_json, to_json
from tests.tax_kit import move, publish_rate, register, show_tax_id, vat
from tests.world import EUR, NEW_YEAR, Someone, World, fresh, make_world

LINES = (TaxableLine(1, STANDARD, Money(10_000, EUR), False),)


@pytest.fixture
async def shop(house: House) -> World:
    """A German tenant that is registered at home, with rates of three countries."""
    made = await make_world(house)
    for rate in (vat("DE", 190_000), vat("FR", 200_000), vat("US-CA", 72_500, "state", authority="CA")):
        await publish_rate(made, rate)
    await register(made, "DE")
    return made


async def ask(shop: World, who: Someone, lines: tuple[TaxableLine, ...] = LINES) -> TaxQuestion:
    """What an invoice of these lines to the customer would ask at New Year."""
    db = shop.house.db
    return await question_for(db.primary, db.vault, who.id, shop.tenant.sandbox, NEW_YEAR, lines)


def taxes(question: TaxQuestion) -> list[tuple[str, int]]:
    return [(each.treatment.value, each.amount.minor) for each in decide(question).summary]


@pytest.mark.row("E7")
async def test_the_question_holds_a_token_and_no_personal_data(shop: World) -> None:
    ada = await shop.customer()
    await move(shop, ada, "FR")
    await show_tax_id(shop, ada, "FR")
    exemption = AddTaxExemption("FR", "", "", NEW_YEAR, None, "CERT-42")
    await perform(shop.house.db, add_tax_exemption, shop.staff(Grant.LEAD), ada.id, exemption, fresh("exempt"))
    question = await ask(shop, ada)
    stored = canonical(to_json(question)).decode()
    for secret in (
        "Ada",
        "Lovelace",
        "ada@",
        "Secret",
        "Hidden",
        "303265045",
        "CERT-42",
        str(ada.id),
        str(ada.id.uuid),
    ):
        assert secret not in stored
    assert len(question.buyer_token) == 64
    assert set(question.buyer_token) <= set("0123456789abcdef")
    assert (question.buyer, question.buyer_kind, question.tax_id_country) == (Place("FR"), CustomerKind.BUSINESS, "FR")
    assert [each.country for each in question.exemptions] == ["FR"]


@pytest.mark.row("E7")
async def test_the_token_is_the_customers_own_and_always_the_same(shop: World) -> None:
    ada, eve = await shop.customer(), await shop.customer()
    first, other = await ask(shop, ada), await ask(shop, eve)
    await move(shop, ada, "FR")
    assert (await ask(shop, ada)).buyer_token == first.buyer_token != other.buyer_token


@pytest.mark.row("E4")
async def test_what_was_asked_and_decided_comes_back_to_the_letter_from_what_is_stored(shop: World) -> None:
    ada = await shop.customer()
    question = await ask(shop, ada)
    decision = decided(question)
    again = from_json(TaxQuestion, msgspec.json.decode(canonical(to_json(question))))
    assert again == question
    await publish_rate(shop, vat("DE", 70_000))
    assert decide(again) == decision
    assert taxes(await ask(shop, ada)) == [("standard", 700)]


async def test_a_tax_id_makes_a_business_for_as_long_as_it_is_valid(shop: World) -> None:
    ada = await shop.customer()
    await move(shop, ada, "FR")
    assert taxes(await ask(shop, ada)) == [("standard", 1900)]
    await show_tax_id(shop, ada, "FR")
    assert taxes(await ask(shop, ada)) == [("reverse_charge", 0)]
    (kept,) = await tax_identities(shop.house.db.primary, ada.id)
    judge = JudgeTaxIdentity(kept.id, False)
    await perform(shop.house.db, judge_tax_identity, shop.staff(Grant.SUPPORT), ada.id, judge, fresh("judge"))
    assert taxes(await ask(shop, ada)) == [("standard", 1900)]


async def test_of_many_tax_ids_that_of_the_customers_own_country_counts(shop: World) -> None:
    ada = await shop.customer()
    for country in ("AT", "FR", "GB"):
        await show_tax_id(shop, ada, country)
    for place, known_in in (("FR", "FR"), ("GB", "GB"), ("US-CA", "AT")):
        await move(shop, ada, place)
        assert (await ask(shop, ada)).tax_id_country == known_in


async def test_in_the_union_an_id_of_the_union_counts_before_one_from_elsewhere(shop: World) -> None:
    ada = await shop.customer()
    for country in ("AU", "FR"):
        await show_tax_id(shop, ada, country)
    await move(shop, ada, "LU")
    assert taxes(await ask(shop, ada)) == [("reverse_charge", 0)]


async def test_a_customer_that_moves_in_the_middle_of_a_period_is_taxed_where_it_is(shop: World) -> None:
    ada = await shop.customer()
    assert taxes(await ask(shop, ada)) == [("standard", 1900)]
    await move(shop, ada, "US-CA")
    assert taxes(await ask(shop, ada)) == [("export", 0)]


async def test_only_the_rates_of_the_places_concerned_are_read(shop: World) -> None:
    ada = await shop.customer()
    await publish_rate(shop, vat("DE", 70_000, category="books"))
    await publish_rate(shop, vat("DE", 160_000, effective_from=NEW_YEAR + timedelta(seconds=1)))
    question = await ask(shop, ada)
    assert [(each.country, each.category, each.rate_ppm) for each in question.rates] == [("DE", STANDARD, 190_000)]
    books = (TaxableLine(1, "books", Money(10_000, EUR), False), *LINES[1:])
    assert taxes(await ask(shop, ada, books)) == [("standard", 700)]


async def test_a_seller_that_is_registered_nowhere_charges_nothing(world: World) -> None:
    ada = await world.customer()
    question = await ask(world, ada)
    over = [
        each.registered_until is not None and each.registered_until < question.at for each in question.registrations
    ]
    assert (all(over), question.rates) == (True, ())
    assert taxes(question) == [("unregistered", 0)]


async def test_customers_of_one_shard_key_are_read_together(shop: World) -> None:
    several = [await shop.customer() for _ in range(3)]
    db = shop.house.db
    await show_tax_id(shop, several[1], "DE")
    found = await buyers(db.primary, db.vault, several[0].id.shard, [each.id for each in several])
    assert [found[each.id].tax_id_country for each in several] == [None, "DE", None]


async def test_an_erased_customer_is_not_asked_about(shop: World) -> None:
    ada = await shop.customer()
    await shop.house.db.marks.execute(
        "DELETE FROM billing_person WHERE shard_key = $1 AND customer_id = $2", ada.id.shard, ada.id.uuid
    )
    with pytest.raises(Refused) as refused:
        await ask(shop, ada)
    assert refused.value.code is RefusalCode.STATE_CONFLICT


async def test_tax_that_is_owed_at_an_unknown_rate_is_refused_and_not_forgotten(shop: World) -> None:
    ada = await shop.customer()
    question = await ask(shop, ada)
    with pytest.raises(Refused, match="No tax rate is published for DE") as refused:
        decided(replace(question, rates=()))
    assert refused.value.code is RefusalCode.STATE_CONFLICT
