"""Tax ids: what is one is decided by its form and check digits, and it stands in one erasable table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actor import Grant
from domain.customers.keep_tax_identity import (
    JudgeTaxIdentity,
    StoreTaxIdentity,
    WithdrawTaxIdentity,
    judge_tax_identity,
    store_tax_identity,
    withdraw_tax_identity,
)
from domain.customers.tax_identity import (
    NoKindOfTaxId,
    NotATaxId,
    TaxIdKind,
    TaxIdStatus,
    read_tax_id,
    tax_identities,
)
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from tests.examples_plugin import in_brief
from tests.tax_kit import TAX_IDS, show_tax_id
from tests.world import World, fresh

GOOD = [
    ("DE", "136 695 976", TaxIdKind.EU_VAT, "DE136695976"),
    ("DE", "de136695976", TaxIdKind.EU_VAT, "DE136695976"),
    ("GR", "094259216", TaxIdKind.EU_VAT, "EL094259216"),
    ("GR", "EL 094259216", TaxIdKind.EU_VAT, "EL094259216"),
    ("FR", "FR 40 303 265 045", TaxIdKind.EU_VAT, "FR40303265045"),
    ("ES", "54362315-K", TaxIdKind.EU_VAT, "ES54362315K"),
    ("IT", "00743110157", TaxIdKind.EU_VAT, "IT00743110157"),
    ("PL", "8567346215", TaxIdKind.EU_VAT, "PL8567346215"),
    ("GB", "980 7806 84", TaxIdKind.GB_VAT, "980780684"),
    ("GB", "XI980780684", TaxIdKind.GB_VAT, "980780684"),
    ("CH", "CHE-107.787.577 IVA", TaxIdKind.CH_VAT, "CHE107787577IVA"),
    ("NO", "NO 995 525 828 MVA", TaxIdKind.NO_VAT, "995525828MVA"),
    ("AU", "83 914 571 673", TaxIdKind.AU_ABN, "83914571673"),
    ("NZ", "49-098-576", TaxIdKind.NZ_GST, "49098576"),
    ("SG", "00192200m", TaxIdKind.SG_UEN, "00192200M"),
    ("IN", "27AAPFU0939F1ZV", TaxIdKind.IN_GSTIN, "27AAPFU0939F1ZV"),
    ("JP", "5-8356-7825-6246", TaxIdKind.JP_CN, "5835678256246"),
    ("CA", "12302 6635 RC 0001", TaxIdKind.CA_BN, "123026635RC0001"),
]


@pytest.mark.parametrize(("country", "typed", "kind", "value"), GOOD)
def test_a_tax_id_is_read_however_it_is_typed(country: str, typed: str, kind: TaxIdKind, value: str) -> None:
    """The numbers are the examples of python-stdnum, which names the authority's rule for each."""
    read = read_tax_id(country, typed)
    assert (read.kind, read.value, read.status) == (kind, value, TaxIdStatus.VALID)


def test_an_id_without_check_digits_is_kept_but_not_relied_on() -> None:
    """United States: an EIN has a known prefix and no check digit."""
    assert read_tax_id("US", "91-1144442").status is TaxIdStatus.UNVERIFIED


@pytest.mark.parametrize(("country", "typed", "kind", "value"), GOOD)
def test_one_wrong_digit_makes_it_none(country: str, typed: str, kind: TaxIdKind, value: str) -> None:
    place = next(i for i, character in enumerate(reversed(typed)) if character.isdigit())
    place = len(typed) - 1 - place
    wrong = typed[:place] + str((int(typed[place]) + 1) % 10) + typed[place + 1 :]
    if kind is TaxIdKind.CA_BN:  # its last digits count accounts and are not checked
        wrong = typed.replace("6635", "6636")
    with pytest.raises(NotATaxId):
        read_tax_id(country, wrong)


@pytest.mark.parametrize(
    ("country", "typed"),
    [("DE", "FR40303265045"), ("FR", "DE136695976"), ("DE", ""), ("DE", "DE"), ("DE", "DE136695976\n"),
     ("DE", "١٣٦٦٩٥٩٧٦"), ("IN", "x" * 500), ("DE", "DE13669597²")],
)  # fmt: skip
def test_an_id_of_another_country_or_of_no_country_is_none(country: str, typed: str) -> None:
    with pytest.raises(NotATaxId):
        read_tax_id(country, typed)


@pytest.mark.parametrize("country", ["XX", "", "de", "BR", "EL"])
def test_there_are_countries_whose_ids_nobody_here_knows(country: str) -> None:
    with pytest.raises(NoKindOfTaxId):
        read_tax_id(country, "12345678")


@in_brief
@given(
    st.sampled_from([country for country, *_ in GOOD]),
    st.text(max_size=25) | st.from_regex(r"[A-Z]{0,3}[0-9A-Z .-]{3,16}"),
)
def test_whatever_is_typed_is_read_or_refused(country: str, typed: str) -> None:
    try:
        read = read_tax_id(country, typed)
    except NotATaxId:
        return
    assert read_tax_id(country, read.value).value == read.value


@pytest.mark.row("E7")
async def test_a_stored_id_is_shown_to_its_customer_and_to_nobody_in_the_audit_trail(world: World) -> None:
    ada = await world.customer()
    await show_tax_id(world, ada, "DE")
    (kept,) = await tax_identities(world.house.db.primary, ada.id)
    assert (kept.country, kept.value, kept.status) == ("DE", "DE136695976", TaxIdStatus.VALID)
    assert kept.validated_at is not None
    bodies = await world.house.db.primary.fetch(
        "SELECT body FROM audit_body WHERE shard_key = $1 AND customer_id = $2", ada.id.shard, ada.id.uuid
    )
    assert any("store_tax_identity" in row["body"] for row in bodies)
    assert not any("136695976" in row["body"] for row in bodies)


async def test_a_country_has_one_id_at_a_time_and_a_withdrawn_one_is_gone(world: World) -> None:
    ada = await world.customer()
    await show_tax_id(world, ada, "DE")
    with pytest.raises(Refused) as refused:
        await show_tax_id(world, ada, "DE")
    assert refused.value.code is RefusalCode.ALREADY_EXISTS
    (kept,) = await tax_identities(world.house.db.primary, ada.id)
    await world.do(ada, withdraw_tax_identity, WithdrawTaxIdentity(kept.id))
    assert await tax_identities(world.house.db.primary, ada.id) == []
    await show_tax_id(world, ada, "DE")
    with pytest.raises(Refused) as refused:
        await world.do(ada, withdraw_tax_identity, WithdrawTaxIdentity(kept.id))
    assert refused.value.code is RefusalCode.NOT_FOUND


async def test_nobody_withdraws_or_judges_the_id_of_another_customer(world: World) -> None:
    ada, eve = await world.customer(), await world.customer()
    await show_tax_id(world, ada, "DE")
    (kept,) = await tax_identities(world.house.db.primary, ada.id)
    with pytest.raises(Refused) as refused:
        await world.do(eve, withdraw_tax_identity, WithdrawTaxIdentity(kept.id))
    assert refused.value.code is RefusalCode.NOT_FOUND
    db, lead = world.house.db, world.staff(Grant.LEAD)
    with pytest.raises(Refused) as refused:
        await perform(db, judge_tax_identity, lead, eve.id, JudgeTaxIdentity(kept.id, False), fresh("judge"))
    assert refused.value.code is RefusalCode.NOT_FOUND
    assert await tax_identities(db.primary, ada.id) == [kept]


async def test_staff_find_an_id_invalid_and_its_owner_cannot_judge_it(world: World) -> None:
    ada = await world.customer()
    await show_tax_id(world, ada, "FR")
    (kept,) = await tax_identities(world.house.db.primary, ada.id)
    judgement, db = JudgeTaxIdentity(kept.id, False), world.house.db
    with pytest.raises(Refused) as refused:
        await world.do(ada, judge_tax_identity, judgement)
    assert refused.value.code is RefusalCode.FORBIDDEN
    await perform(db, judge_tax_identity, world.staff(Grant.SUPPORT), ada.id, judgement, fresh("judge"))
    assert [each.status for each in await tax_identities(db.primary, ada.id)] == [TaxIdStatus.INVALID]


async def test_an_id_that_was_found_invalid_does_not_count_again_by_removing_and_adding_it(world: World) -> None:
    ada, db = await world.customer(), world.house.db
    await show_tax_id(world, ada, "FR")
    (kept,) = await tax_identities(db.primary, ada.id)
    desk = world.staff(Grant.SUPPORT)
    await perform(db, judge_tax_identity, desk, ada.id, JudgeTaxIdentity(kept.id, False), fresh("judge"))
    gone = WithdrawTaxIdentity(kept.id)
    with pytest.raises(Refused) as refused:
        await world.do(ada, withdraw_tax_identity, gone)
    assert (refused.value.code, refused.value.path) == (RefusalCode.STATE_CONFLICT, ("taxId",))
    assert [each.status for each in await tax_identities(db.primary, ada.id)] == [TaxIdStatus.INVALID]
    await perform(db, withdraw_tax_identity, desk, ada.id, gone, fresh("withdraw"))
    assert await tax_identities(db.primary, ada.id) == []


@pytest.mark.parametrize(
    ("country", "value", "path"), [("DE", "DE136695977", "value"), ("XX", "1234", "country"), ("DE", "\x00", "")]
)
async def test_what_is_no_tax_id_is_not_stored(world: World, country: str, value: str, path: str) -> None:
    ada = await world.customer()
    with pytest.raises(Refused) as refused:
        await world.do(ada, store_tax_identity, StoreTaxIdentity(country, value))
    assert (refused.value.code, "".join(refused.value.path)) == (RefusalCode.INVALID_INPUT, path)
    assert TAX_IDS and await tax_identities(world.house.db.primary, ada.id) == []
