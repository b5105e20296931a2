"""What customers and staff see of notices, and what admins set."""

import pytest

from domain.actor import Grant
from domain.money import Money
from domain.reactions.work import do_now
from tests.api_callers import Api
from tests.lives import caught_up, give_back, start
from tests.notice_kit import post_office
from tests.world import EUR, fresh

MINE = """query ($first: Int!, $after: String) { viewer { customer { notices(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { node { id kind state queuedAt sentAt invoice { number } } } } } } }"""
THEIRS = """query ($id: ID!) { staff { notices(customerId: $id, first: 10) { edges { node {
    customerId attempts triedAt reason copy notice { id kind state } } } }
    unsentNotices { customerId reason notice { kind } } } }"""
RESEND = """mutation ($input: ResendNoticeInput!) { resendNotice(input: $input) {
    notice { id state } operation { status } errors { ... on UserError { code } } } }"""
SET = """mutation ($input: SetNoticePolicyInput!) { setNoticePolicy(input: $input) {
    policy { legalEntity switchedOff sender replyTo attachDocuments } errors { ... on UserError { code } } } }"""
POLICIES = "{ staff { noticePolicies { legalEntity switchedOff sender replyTo attachDocuments } } }"


async def test_a_customer_sees_what_it_was_told_and_staff_see_what_went_wrong_and_send_it_again(api: Api) -> None:
    guest, other, support = await api.guest("tok_visa"), await api.guest("tok_visa"), await api.staff()
    async with post_office(api.world) as office:
        paid = (await start(office.world, guest.who)).payment
        assert paid
        office.clerk.moods["recipient"] = "550 5.1.1 unknown"
        await give_back(office.world, guest.who, paid, Money(100, EUR))
        await caught_up(office.world)
        page = (await guest.data(MINE, first=2))["viewer"]["customer"]["notices"]
        shown = [edge["node"] for edge in page["edges"]]
        assert [(each["kind"], each["state"], each["sentAt"] is None) for each in shown] == [
            ("REFUND_SETTLED", "FAILED", True), ("RECEIPT", "SENT", False),
        ]  # fmt: skip
        assert all(each["invoice"]["number"].startswith("ACMETEST-") for each in shown)
        assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
        rest = (await guest.data(MINE, first=2, after=page["pageInfo"]["endCursor"]))["viewer"]["customer"]["notices"]
        assert [edge["node"]["kind"] for edge in rest["edges"]] == ["INVOICE_ISSUED"]
        assert (await other.data(MINE, first=2))["viewer"]["customer"]["notices"]["edges"] == []

        seen = (await support.data(THEIRS, id=guest.id))["staff"]
        failed = seen["notices"]["edges"][0]["node"]
        assert (failed["attempts"], failed["reason"], failed["copy"]) == (1, "550 5.1.1", 0)
        assert {"customerId": guest.id, "reason": "550 5.1.1", "notice": {"kind": "REFUND_SETTLED"}} in seen[
            "unsentNotices"
        ]
        office.clerk.moods.clear()
        again = {"customerId": guest.id, "noticeId": failed["notice"]["id"], "reason": "They have a new address."}
        assert (await support.do(RESEND, **again))["notice"]["state"] == "DUE"
        await do_now(office.world.house, guest.who.id)
        await caught_up(office.world)
        seen = (await support.data(THEIRS, id=guest.id))["staff"]
        assert seen["notices"]["edges"][0]["node"]["copy"] == 1
        assert guest.id not in [each["customerId"] for each in seen["unsentNotices"]]
        assert [mail.subject for mail in office.mails()][2:] == ["Your refund of €1.00"]


@pytest.mark.row("E11")
async def test_a_legal_entity_says_what_it_sends_as_whom_and_with_which_documents(api: Api) -> None:
    admin = await api.staff(Grant.ADMIN)
    before = (await admin.data(POLICIES))["staff"]["noticePolicies"]
    assert [each["legalEntity"] for each in before] == ["ACME", "ACMETEST"]
    rules = {"legalEntity": "ACMETEST", "switchedOff": ["INVOICE_ISSUED"], "sender": "billing@bücher.example",
             "replyTo": "help@acme.test", "attachDocuments": True}  # fmt: skip
    try:
        assert (await admin.do(SET, **rules))["policy"] == rules
        assert rules in (await admin.data(POLICIES))["staff"]["noticePolicies"]
        guest = await api.guest("tok_visa")
        async with post_office(api.world) as office:
            await start(office.world, guest.who)
            (mail,) = office.mails()
        assert mail.attachments == ["receipt.pdf"]
        assert next(mail.message.iter_attachments()).get_content().startswith(b"%PDF-")
        assert [each.addr_spec for each in mail.message["From"].addresses] == ["billing@xn--bcher-kva.example"]
        assert (mail.message["Reply-To"], mail.sender) == ("help@acme.test", "billing@quittance.test")
        await admin.do(SET, legalEntity="ACMETEST", sender="ceo@bank.example", idempotencyKey=fresh("foreign"))
        async with post_office(api.world) as office:
            await start(office.world, (await api.guest("tok_visa")).who)
            senders = {each.addr_spec for mail in office.mails() for each in mail.message["From"].addresses}
        assert senders == {"billing@quittance.test"}, "that domain is somebody else's"
    finally:
        await admin.do(SET, legalEntity="ACMETEST", idempotencyKey=fresh("back"))
