"""A link does the one thing it was made for, once, until it expires; its caller sees and does nothing else."""

from datetime import timedelta
from typing import Any

from domain.actor import Grant
from domain.ids import PortalLinkId
from domain.links.create import CreatePortalLink, create_portal_link
from domain.portal_link import LinkPurpose, link_token
from tests.api_callers import START, Api, Caller, Guest, key
from tests.bad_input_stage import mutation
from tests.lives import by_house

MAKE = """mutation ($input: CreatePortalLinkInput!) { createPortalLink(input: $input) {
    link { id purpose expiresAt token url } operation { replayed } errors { ... on UserError { code } } } }"""
SEEN = "{ portalLink { purpose usedAt invoice { id due { minorUnits } } subscription { id state } } }"
CANCEL = """mutation ($input: CancelSubscriptionInput!) { cancelSubscription(input: $input) {
    subscription { state } operation { replayed } errors { ... on UserError { code } } } }"""


async def linked(maker: Caller, guest: Guest, purpose: str, **subject: str) -> Caller:
    """Who comes by a new link."""
    made = await maker.do(MAKE, customerId=guest.id, purpose=purpose, **subject)
    return Caller(guest.http, made["link"]["token"])


async def test_a_link_does_its_one_thing_once_and_opens_nothing_else(api: Api) -> None:
    guest, bought = await api.subscriber()
    support = await api.staff()
    own = bought["subscription"]["id"]
    leaving = await linked(support, guest, "CANCEL", subscriptionId=own)
    seen = (await leaving.data(SEEN))["portalLink"]
    assert seen == {"purpose": "CANCEL", "usedAt": None, "invoice": None,
                    "subscription": {"id": own, "state": "ACTIVE"}}  # fmt: skip
    # Neither the rest of the customer nor any other change is open to it, nor is its link to anybody else.
    for query in ("{ viewer { customer { id } } }", f'{{ node(id: "{guest.id}") {{ id }} }}', "{ staff { deadLetters "
                  "{ id } } }"):  # fmt: skip
        assert (await leaving.error(query))["extensions"]["code"] in ("FORBIDDEN", "NOT_FOUND"), query
    assert (await guest.error(SEEN))["extensions"]["code"] == "FORBIDDEN"
    assert (await leaving.get(f"/documents/invoices/{bought['invoice']['id']}.pdf")).status_code == 403
    others: list[tuple[str, dict[str, Any]]] = [
        ("pauseSubscription", {"subscriptionId": own}),
        ("addPaymentMethod", {"token": "tok_visa"}),
        ("payInvoice", {"invoiceId": bought["invoice"]["id"]}),
        ("changeBillingDetails", {"name": "Eve", "email": "e@b.test", "address": "1 Street", "country": "DE"}),
        ("createPortalLink", {"customerId": guest.id, "purpose": "UPDATE_CARD"}),
    ]
    for name, given in others:
        assert (await leaving.refusal(mutation(name), **given))["code"] == "FORBIDDEN", name
    second = await guest.do(START, priceId=str(api.world.prices["yearly"]))
    wrong = await leaving.refusal(CANCEL, subscriptionId=second["subscription"]["id"])
    assert wrong["code"] == "NOT_FOUND"
    used = key()
    first, again = [await leaving.do(CANCEL, subscriptionId=own, idempotencyKey=used) for _ in range(2)]
    assert (first["subscription"]["state"], first["operation"]["replayed"]) == ("PENDING_CANCELLATION", False)
    assert again["operation"]["replayed"]
    assert (await leaving.refusal(CANCEL, subscriptionId=own))["code"] == "LINK_OVER"
    assert (await leaving.data(SEEN))["portalLink"]["usedAt"] is not None
    card = await linked(support, guest, "UPDATE_CARD")
    assert (await card.call(mutation("addPaymentMethod"), token="tok_mastercard"))["errors"] == []
    assert (await card.refusal(mutation("addPaymentMethod"), token="tok_visa"))["code"] == "LINK_OVER"


async def test_a_link_that_was_altered_or_has_expired_opens_nothing_and_its_text_is_stored_nowhere(api: Api) -> None:
    guest, world = await api.guest("tok_insufficient_funds_times_1"), api.world
    db = world.house.db
    owed = (await guest.do(START, priceId=str(world.prices["starter"])))["invoice"]["id"]
    support, given = await api.staff(Grant.FINANCE), {"purpose": "PAY_INVOICE", "invoiceId": owed}
    used = key()
    made, again = [
        (await support.do(MAKE, customerId=guest.id, **given, idempotencyKey=used))["link"] for _ in range(2)
    ]
    assert made == again
    token = made["token"]
    stored = await db.primary.fetchval("SELECT token_hash FROM portal_link WHERE shard_key = $1 AND id = $2",
                                       guest.who.id.shard, PortalLinkId.parse(made["id"]).uuid)  # fmt: skip
    assert len(stored) == 64 and stored not in token and guest.id not in token
    middle = len(token) // 3
    letter = "A" if token[middle] != "A" else "B"
    altered = [token[:middle] + letter + token[middle + 1 :], token[:-1], token + "0", "qlink_", "qlink_x.y"]
    lasting = CreatePortalLink(LinkPurpose.UPDATE_CARD, None, None, 5)
    done = await by_house(world, guest.who, create_portal_link, lasting)
    # Signed by us, for another end than the one it has.
    altered.append(link_token(db.vault, done.link, done.expires_at + timedelta(days=1)))
    altered.append(link_token(db.vault, done.link, db.clock.now() - timedelta(seconds=1)))
    for text in altered:
        body = await Caller(guest.http, text).ask(SEEN)
        assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", text
    payer = Caller(guest.http, token)
    assert (await payer.data(SEEN))["portalLink"]["invoice"]["id"] == owed
    assert (await payer.call(mutation("payInvoice"), invoiceId=owed))["errors"] == []
