"""What a request of the portal waits for: one statement tells who asks, the customer and its balance."""

from tests.api_callers import Api
from tests.statements import statements_seen
from tests.world import fresh

BALANCE = "{ viewer { customer { reference balance { receivable { decimal } credit { decimal } } } } }"
BOTH = """mutation ($buy: StartSubscriptionInput!, $change: ChangeBillingDetailsInput!) {
    startSubscription(input: $buy) { operation { status } }
    changeBillingDetails(input: $change) { customer { balance { through } } } }"""
ADA = {"name": "Ada", "email": "ada@example.com", "address": "1 Main Street", "country": "DE"}


async def test_a_balance_is_read_by_one_statement_and_still_at_each_request(api: Api) -> None:
    guest = await api.guest()
    await guest.data(BALANCE)  # where the login is listed is remembered for a minute
    for _ in range(2):
        with statements_seen() as statements:
            found = (await guest.data(BALANCE))["viewer"]["customer"]
        assert len(statements) == 1
        assert found["balance"] == {"receivable": {"decimal": "0.00"}, "credit": {"decimal": "0.00"}}


async def test_what_was_read_before_a_change_is_not_shown_after_it(api: Api) -> None:
    guest = await api.guest("tok_visa")
    buy = {"priceId": str(api.world.prices["team"]), "idempotencyKey": fresh("buy")}
    done = await guest.data(BOTH, buy=buy, change={**ADA, "idempotencyKey": fresh("change")})
    assert int(done["changeBillingDetails"]["customer"]["balance"]["through"]) > 0
