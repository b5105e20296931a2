"""Whoever was let in and is no longer active is answered as somebody whom nobody knows, from the next request on."""

import asyncpg

from dev.story.documents import ADD_METHOD
from domain.actor import Grant
from tests.api_callers import Api, Caller, key

BALANCE = "{ viewer { customer { balance { credit { decimal } } } } }"
LETTERS = "{ staff { deadLetters { id } } }"


async def withdraw(owner_url: str, statement: str, *who: object) -> None:
    """One statement of the owner, which must meet exactly one row."""
    owner = await asyncpg.connect(owner_url)
    try:
        assert await owner.execute(statement, *who) == "UPDATE 1"
    finally:
        await owner.close()


async def assert_unknown(caller: Caller, stranger: Caller, document: str) -> None:
    """Both get the same 403."""
    refused, unknown = await caller.post({"query": document}), await stranger.post({"query": document})
    assert (refused.status_code, refused.json()) == (403, unknown.json())
    assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_portal_user_who_is_no_longer_active_sees_and_changes_nothing(api: Api, owner_url: str) -> None:
    guest, bought = await api.subscriber()
    await guest.data(BALANCE)
    statement = "UPDATE customer_user SET active = false WHERE shard_key = $1 AND customer_id = $2"
    await withdraw(owner_url, statement, guest.who.id.shard, guest.who.id.uuid)
    await assert_unknown(guest, await api.stranger("portal"), BALANCE)
    given = {"token": "tok_visa", "idempotencyKey": key()}
    assert (await guest.post({"query": ADD_METHOD, "variables": {"input": given}})).status_code == 403
    assert (await guest.get(f"/documents/invoices/{bought['invoice']['id']}.pdf")).status_code == 403
    acting = await api.acting(guest)
    await assert_unknown(acting, await api.stranger("portal"), BALANCE)


async def test_a_member_of_staff_who_is_no_longer_active_is_nobody(api: Api, owner_url: str) -> None:
    subject = await api.world.colleague(api.issuer, Grant.ADMIN)
    admin = Caller(api.http, await api.token("staff", subject))
    await admin.data(LETTERS)
    await withdraw(owner_url, "UPDATE staff_member SET active = false WHERE subject = $1", subject)
    await assert_unknown(admin, await api.stranger("staff"), LETTERS)


async def test_a_partner_that_is_no_longer_let_in_is_nobody(api: Api, owner_url: str) -> None:
    client = await api.world.partner()
    program = Caller(api.http, await api.token("partner", client))
    before = await program.post({"query": BALANCE})
    assert before.json()["errors"][0]["message"].startswith("Only registered documents run here")
    await withdraw(owner_url, "UPDATE partner_client SET active = false WHERE client_id = $1", client)
    refused = await program.post({"query": BALANCE})
    assert refused.json()["errors"][0]["message"] == "Nobody of that name is known here."
