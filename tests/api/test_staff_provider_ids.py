"""Our id and the provider's stand together: support finds a payment by either, within its own tenant."""

import pytest

from domain.ids import CustomerId, InvoiceId
from domain.payments.payment import payments_of
from tests.api_callers import Api

BY_PROVIDER = """query ($reference: String!) { staff { paymentsByProvider(reference: $reference) {
    customerId providerAccount providerReference payment { id state amount { decimal } } } } }"""


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
