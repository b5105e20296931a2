"""Our id and the provider's stand together: support finds a payment by either, within its own tenant."""

import pytest

from domain.ids import CustomerId, InvoiceId
from domain.payments.payment import payments_of
from tests.api_callers import Api

BY_PROVIDER = """query ($reference: String!) { staff { paymentsByProvider(reference: $reference) {
    customerId providerAccount providerReference payment { id state amount { decimal } } } } }"""
BY_ID = """query ($id: ID!) { staff { payment(id: $id) {
    customerId providerReference payment { state } } } }"""


@pytest.mark.row("A7")
async def test_a_payment_is_found_by_the_provider_s_own_id_of_it(api: Api) -> None:
    guest, bought = await api.subscriber()
    customer, invoice = CustomerId.parse(guest.id), InvoiceId.parse(bought["invoice"]["id"])
    (known,) = await payments_of(api.world.house.db.primary, customer, invoice)
    assert known.provider_ref is not None
    support = await api.staff()
    found = (await support.data(BY_PROVIDER, reference=known.provider_ref))["staff"]["paymentsByProvider"]
    assert [(each["customerId"], each["payment"]["id"]) for each in found] == [(guest.id, str(known.id))]
    assert (found[0]["providerAccount"], found[0]["providerReference"]) == ("sandbox/main", known.provider_ref)
    nothing = (await support.data(BY_PROVIDER, reference="payment_unknown"))["staff"]["paymentsByProvider"]
    assert nothing == []


@pytest.mark.row("A7")
async def test_a_payment_is_found_by_our_own_id_in_its_tenant_alone(api: Api, elsewhere: Api) -> None:
    guest, bought = await api.subscriber()
    id = bought["invoice"]["payments"][0]["id"]
    found = (await (await api.staff()).data(BY_ID, id=id))["staff"]["payment"]
    assert (found["customerId"], found["payment"]["state"]) == (guest.id, "CAPTURED")
    assert found["providerReference"] is not None
    error = await (await elsewhere.staff()).error(BY_ID, id=id)
    nobody = await (await api.staff()).error(BY_ID, id="payment_" + "0" * 32)
    assert error["message"] == nobody["message"]
    assert error["extensions"]["code"] == nobody["extensions"]["code"] == "NOT_FOUND"
