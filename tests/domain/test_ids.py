"""The text of an id: Crockford's base 32 of its bytes, in one spelling only."""

from base64 import b32encode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.ids import CustomerId, EntityId, InvoiceId, ReferenceId, TenantId
from domain.refusals import Refused

STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # RFC 4648 section 6
CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
IN_OURS = str.maketrans(STANDARD, CROCKFORD)


@given(some.integers(0, 2**31 - 1), some.uuids())
def test_an_id_spells_its_shard_key_and_uuid_in_crockford_digits(shard: int, uuid: UUID) -> None:
    id = CustomerId(shard, uuid)
    spelled = b32encode(shard.to_bytes(4, "big") + uuid.bytes).decode().translate(IN_OURS)
    assert str(id) == f"customer_{spelled}"
    assert CustomerId.parse(str(id)) == id


def test_every_kind_of_id_is_looked_up_by_its_uuid_alone_and_is_of_its_kind_all_the_same() -> None:
    assert {each.__hash__ for each in EntityId.__subclasses__()} == {EntityId.__hash__}
    uuid = UUID(int=1)
    assert hash(InvoiceId(1, uuid)) == hash(uuid) and hash(TenantId(uuid)) == hash(TenantId(uuid))
    assert len({InvoiceId(1, uuid), InvoiceId(2, uuid), CustomerId(1, uuid)}) == 3


@given(some.uuids())
def test_a_reference_s_id_is_the_uuid_as_a_number_of_26_digits(uuid: UUID) -> None:
    id = TenantId(uuid)
    head, _, digits = str(id).partition("_")
    value = 0
    for digit in digits:
        value = value * 32 + CROCKFORD.index(digit)
    assert (head, len(digits), value) == ("tenant", 26, uuid.int)
    assert TenantId.parse(str(id)) == id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "customer_",
        "tenant_" + "0" * 32,
        "CUSTOMER_" + "0" * 32,
        "customer_" + "0" * 31,
        "customer_" + "0" * 33,
        "customer_" + "0" * 31 + "u",
        "customer_" + "0" * 31 + "A",
        "customer_" + "z" * 32,
    ],
)
def test_any_other_spelling_is_no_id(text: str) -> None:
    with pytest.raises(Refused):
        CustomerId.parse(text)


def test_what_there_is_none_of_is_said_in_words() -> None:
    kinds: list[type[EntityId] | type[ReferenceId]] = [*EntityId.__subclasses__(), *ReferenceId.__subclasses__()]
    said = {}
    for kind in kinds:
        with pytest.raises(Refused) as refused:
            kind.parse("nonsense")
        said[kind.__name__.removesuffix("Id")] = refused.value.message
    assert (said["TaxRate"], said["BulkRun"]) == ("There is no such tax rate.", "There is no such run.")
    # A name of two words that are written as one is no word.
    assert [name for name, told in said.items() if not name.istitle() and f" {name.lower()}." in told] == []
