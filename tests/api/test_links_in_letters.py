"""What a letter asks for can be done by its links, once and without a sign-in, and their texts stand in it alone."""

import re
from datetime import timedelta

import asyncpg
import pytest

from dev.mailroom.room import Mail
from domain.actor import Grant
from domain.perform import perform
from domain.tenants.web_door import OpenWebDoor, open_web_door
from tests.api.test_portal_features import SWITCH
from tests.api.test_portal_features import own as own_tenant
from tests.api.test_portal_links import CANCEL, SEEN
from tests.api_callers import Api, Caller
from tests.bad_input_stage import mutation
from tests.erasure_kit import found_in
from tests.lives import buy, day, invoices_of, start, until
from tests.notice_kit import PostOffice, post_office
from tests.subscription_lives import plan_of, trial
from tests.world import fresh

own = own_tenant  # a tenant of the test's own
HOUR = timedelta(hours=1)
METHODS = "{ viewer { customer { paymentMethods { last4 expiresYear expiresMonth } } } }"


async def open_portal(own: Api) -> None:
    """The tenant's customers have pages."""
    world = own.world
    origin = f"https://{fresh('pay').lower()}.example.test"
    door = OpenWebDoor("portal", origin, own.issuer, world.audience("portal"), "c")
    await perform(world.house.db, open_web_door, world.house.actor, world.tenant.live_house, door, fresh("door"))


def links_in(mail: Mail) -> list[str]:
    """The texts of the links of a letter, which stand in both its parts."""
    plain, html = [re.findall(r"/link#(qlink_[\w.-]+)", mail.body(kind) or "") for kind in ("plain", "html")]
    assert plain == html
    return plain


async def purposes(own: Api, mail: Mail) -> dict[str, Caller]:
    """Who comes by each link of a letter, by what that is for."""
    callers = [Caller(own.http, token) for token in links_in(mail)]
    return {(await each.data(SEEN))["portalLink"]["purpose"]: each for each in callers}


@pytest.mark.row("Y4")
async def test_what_a_letter_asks_for_is_done_by_its_links(own: Api, owner_url: str) -> None:
    await open_portal(own)
    async with post_office(own.world) as office:
        await a_card_that_expires_is_replaced(own, office)
        await what_is_not_paid_is_paid_or_gets_another_card(own, office)
        await who_tries_may_change_or_leave_but_for_what_is_switched_off(own, office)
        tokens = [token for mail in office.mails() for token in links_in(mail)]
    assert len(set(tokens)) == 5
    owner = await asyncpg.connect(owner_url)
    try:
        assert await found_in(owner, *tokens) == []
    finally:
        await owner.close()


async def a_card_that_expires_is_replaced(own: Api, office: PostOffice) -> None:
    """It is told once, a month before; a letter that goes twice is the same letter."""
    guest, world = await own.guest(), office.world
    await world.card(guest.who, "tok_visa_until_2027_03")
    (told,) = (await guest.data(METHODS))["viewer"]["customer"]["paymentMethods"]
    assert told == {"last4": "1881", "expiresYear": 2027, "expiresMonth": 3}
    await until(world, guest.who, day(3, 1))
    assert office.mails() == []
    office.clerk.hangs_up = True
    await until(world, guest.who, day(3, 3))
    office.clerk.hangs_up = False
    (first,) = office.mails()
    assert first.subject == "Your card ending in 1881 expires on March 31, 2027"
    by_link = await purposes(own, first)
    assert by_link.keys() == {"UPDATE_CARD"}
    await by_link["UPDATE_CARD"].do(mutation("addPaymentMethod"), token="tok_visa")
    again = await by_link["UPDATE_CARD"].refusal(mutation("addPaymentMethod"), token="tok_mastercard")
    assert again["code"] == "LINK_OVER"
    await office.look_again(guest.who, 7 * HOUR)
    assert [mail.raw for mail in office.mails()] == [first.raw] * 2
    await until(world, guest.who, day(5, 1))
    assert len(office.mails()) == 2


async def what_is_not_paid_is_paid_or_gets_another_card(own: Api, office: PostOffice) -> None:
    """The letter of a charge that failed leads to its invoice and to another card."""
    guest, before = await own.guest("tok_visa"), len(office.mails())
    await start(office.world, guest.who)
    await office.world.card(guest.who, "tok_insufficient_funds")
    await until(office.world, guest.who, day(2, 2))
    (failed,) = [mail for mail in office.mails()[before:] if links_in(mail)]
    owed = (await invoices_of(office.world, guest.who))[-1].id
    by_link = await purposes(own, failed)
    assert by_link.keys() == {"PAY_INVOICE", "UPDATE_CARD"}
    assert (await by_link["PAY_INVOICE"].data(SEEN))["portalLink"]["invoice"]["id"] == str(owed)


async def who_tries_may_change_or_leave_but_for_what_is_switched_off(own: Api, office: PostOffice) -> None:
    """The letter before a trial ends, where customers do not change their plan by themselves."""
    admin, guest, before = await own.staff(Grant.ADMIN), await own.guest("tok_visa"), len(office.mails())
    await admin.do(SWITCH, switchedOff=["CHANGE_PLAN"])
    tried = await buy(office.world, guest.who, await plan_of(office.world, 900, trial(14)))
    await until(office.world, guest.who, day(1, 13))
    (ending,) = office.mails()[before:]
    by_link = await purposes(own, ending)
    assert by_link.keys() == {"UPDATE_CARD", "CANCEL"}
    ended = await by_link["CANCEL"].do(CANCEL, subscriptionId=str(tried.subscription))
    assert ended["subscription"]["state"] == "PENDING_CANCELLATION"
