"""People in one account: invited, given roles, and let go; each does what its role gives from its next request on."""

from typing import Any

import pytest

from domain.actor import Grant
from domain.customers.change_member import ChangeMemberRole, RemoveMember, change_member_role, remove_member
from domain.customers.invite_member import (
    MOST_A_DAY,
    InviteMember,
    WithdrawInvitation,
    invite_member,
    withdraw_invitation,
)
from domain.ids import CustomerUserId, InvitationId
from domain.member_role import NEEDS, MemberRole
from domain.operation import OPERATIONS, Operation
from domain.refusals import RefusalCode, Refused
from tests.api_callers import Api, Caller, Guest, key
from tests.bad_input_stage import mutation
from tests.member_stage import invited, joined
from tests.notice_kit import post_office
from tests.web_kit import ME, Acme
from tests.world import fresh

ACCOUNT = "account { members { id role email } invitations { id email role expiresAt } }"
MINE = f"{{ viewer {{ member {{ id role rights {{ managePlans pay manageMembers manageOwners }} }} {ACCOUNT} }} }}"
THEIRS = f"query ($id: ID!) {{ staff {{ customerAccount(customerId: $id) {{ {ACCOUNT[9:-1]} }} }} }}"
INVITE = """mutation ($input: InviteMemberInput!) { inviteMember(input: $input) {
    invitation { id email role } errors { ... on UserError { code path } } } }"""


async def accept(api: Api, token: str, subject: str, surface: str = "portal") -> Any:
    """Somebody with a login of its own accepts: the status, and the body."""
    bearer = {"Authorization": f"Bearer {await api.token(surface, subject)}"}
    answer = await api.http.post("/invitations/accept", json={"invitation": token}, headers=bearer)
    return answer.status_code, answer.json()


async def as_guest(api: Api, guest: Guest, role: MemberRole) -> Guest:
    """Another member of the guest's account, with a token."""
    who = await joined(api.world, guest.who, role, api.issuer)
    return Guest(api.http, await api.token("portal", who.subject), who)


async def test_an_owner_invites_somebody_who_joins_once_and_is_let_go_again(api: Api, elsewhere: Api) -> None:
    guest, other, subject = await api.guest("tok_visa"), await api.guest(), fresh("bea")
    made = (await guest.do(INVITE, email="bea@example.test", role="BILLING"))["invitation"]
    assert (made["email"], made["role"]) == ("bea@example.test", "BILLING")
    token = await invited(api.world, guest.who, MemberRole.BILLING, "BEA@example.test")  # in the place of the first
    (left,) = (await guest.data(MINE))["viewer"]["account"]["invitations"]
    assert left["id"] != made["id"]
    stranger = Caller(api.http, await api.token("portal", subject))
    assert (await stranger.error(MINE))["extensions"]["code"] == "FORBIDDEN"
    for wrong in (token[:-1] + ("0" if token[-1] != "0" else "1"), token.replace(left["id"], made["id"]), "x", ""):
        assert (await accept(api, wrong, subject))[0] == 410
    assert (await accept(api, token, other.who.subject))[1]["code"] == "ALREADY_EXISTS"
    assert (await accept(api, token, "sue", "staff"))[0] == 403
    no_text = await api.http.post("/invitations/accept", content=b'{"invitation":"\xff"}', headers=stranger._signed())
    assert (no_text.status_code, no_text.json()["code"]) == (400, "BAD_INPUT")
    assert (await accept(elsewhere, token, subject))[0] == 410  # at another tenant it is nothing
    status, there = await accept(api, token, subject)
    assert (status, there["customerId"], there["role"]) == (201, guest.id, "BILLING")
    assert (await accept(api, token, fresh("eve")))[0] == 410

    me = (await stranger.data(MINE))["viewer"]
    assert me["member"] == {"id": there["memberId"], "role": "BILLING", "rights": {
        "managePlans": False, "pay": True, "manageMembers": False, "manageOwners": False}}  # fmt: skip
    assert [(each["role"], each["email"]) for each in me["account"]["members"]] == [
        ("OWNER", None), ("BILLING", "BEA@example.test"),
    ]  # fmt: skip
    assert me["account"]["invitations"] == []
    bought = {"priceId": str(api.world.prices["starter"])}
    assert (await stranger.refusal(mutation("startSubscription"), **bought))["code"] == "FORBIDDEN"
    assert (await guest.refusal(INVITE, email="bea@example.test", role="VIEWER"))["code"] == "ALREADY_EXISTS"
    him = {"memberId": there["memberId"]}
    assert (await other.refusal(mutation("removeMember"), **him))["code"] == "NOT_FOUND"
    await guest.do(mutation("changeMemberRole"), **him, role="ADMIN")
    assert (await stranger.call(mutation("startSubscription"), **bought))["errors"] == []

    await guest.do(mutation("removeMember"), **him)
    gone = await stranger.error(MINE)
    assert (gone["message"], gone["extensions"]["code"]) == ("Nobody of that name is known here.", "FORBIDDEN")
    assert [each["role"] for each in (await guest.data(MINE))["viewer"]["account"]["members"]] == ["OWNER"]
    again = await invited(api.world, other.who, MemberRole.VIEWER)  # the login is free for another account
    assert (await accept(api, again, subject))[1]["customerId"] == other.id


async def test_owners_are_made_and_changed_by_owners_and_staff_and_one_always_stays(api: Api) -> None:
    guest, support, lead = await api.guest(), await api.staff(), await api.staff(Grant.LEAD)
    admin, owner = await as_guest(api, guest, MemberRole.ADMIN), guest.who.actor.subject
    tries = {"inviteMember": {"email": "o@example.test", "role": "OWNER"}, "removeMember": {"memberId": owner},
             "changeMemberRole": {"memberId": owner, "role": "VIEWER"}}  # fmt: skip
    assert {(await admin.refusal(mutation(name), **given))["code"] for name, given in tries.items()} == {"FORBIDDEN"}
    await invited(api.world, guest.who, MemberRole.OWNER, "second@example.test")
    taking = await admin.refusal(mutation("inviteMember"), email="Second@example.test", role="VIEWER")
    assert taking["code"] == "FORBIDDEN"  # it would take back what only owners take back
    herself = {"memberId": admin.who.actor.subject, "role": "OWNER"}
    assert (await admin.refusal(mutation("changeMemberRole"), **herself))["code"] == "FORBIDDEN"
    for name, wish in (("inviteMember", tries["inviteMember"]), ("changeMemberRole", herself)):
        refused = await support.refusal(mutation(name), **wish, customerId=guest.id)
        assert refused["code"] == "FORBIDDEN"  # support takes access away, but gives none
    for who, given in ((guest, {}), (lead, {"customerId": guest.id})):
        for name in ("removeMember", "changeMemberRole"):
            refused = await who.refusal(mutation(name), **tries[name], **given)
            assert (refused["code"], refused["path"]) == ("STATE_CONFLICT", ["memberId"]), name
    await lead.do(mutation("changeMemberRole"), **herself, customerId=guest.id)
    await admin.do(mutation("changeMemberRole"), memberId=owner, role="VIEWER")  # who signs in to nothing less
    seen = (await support.data(THEIRS, id=guest.id))["staff"]["customerAccount"]
    assert [each["role"] for each in seen["members"]] == ["VIEWER", "OWNER"]
    assert (await guest.refusal(INVITE, email="x@example.test", role="VIEWER"))["code"] == "FORBIDDEN"
    kept = key()
    first = await admin.do(mutation("removeMember"), memberId=owner, idempotencyKey=kept)
    assert await admin.do(mutation("removeMember"), memberId=owner, idempotencyKey=kept) == first

    for each in range(MOST_A_DAY - 2):
        await invited(api.world, admin.who, MemberRole.VIEWER, f"{each}@example.test")
    refused = await admin.refusal(mutation("inviteMember"), email="more@example.test", role="VIEWER")
    assert (refused["__typename"], refused["code"], refused["path"]) == ("ConflictError", "STATE_CONFLICT", ["email"])


async def test_an_invitation_opens_nothing_once_who_made_it_could_not_make_it_any_more(api: Api) -> None:
    guest, lead = await api.guest(), await api.staff(Grant.LEAD)
    removed, lowered, owner = [
        await as_guest(api, guest, role) for role in (MemberRole.ADMIN, MemberRole.ADMIN, MemberRole.OWNER)
    ]
    lost = [await invited(api.world, each.who, MemberRole.VIEWER) for each in (removed, lowered)]
    lost.append(await invited(api.world, owner.who, MemberRole.OWNER))
    kept = [await invited(api.world, each.who, MemberRole.VIEWER) for each in (owner, guest)]
    kept.append(await invited(api.world, guest.who, MemberRole.OWNER))
    await lead.do(mutation("inviteMember"), email="seller@example.test", role="VIEWER", customerId=guest.id)
    await guest.do(mutation("removeMember"), memberId=removed.who.actor.subject)
    await guest.do(mutation("changeMemberRole"), memberId=lowered.who.actor.subject, role="BILLING")
    await guest.do(mutation("changeMemberRole"), memberId=owner.who.actor.subject, role="ADMIN")
    await guest.do(mutation("changeMemberRole"), memberId=guest.who.actor.subject, role="OWNER")  # as she was
    listed = (await guest.data(MINE))["viewer"]["account"]["invitations"]
    assert [each["role"] for each in listed] == ["VIEWER", "VIEWER", "OWNER", "VIEWER"]
    for token in lost:
        status, told = await accept(api, token, fresh("late"))
        assert (status, told["code"]) == (410, "LINK_OVER")
    assert [(await accept(api, token, fresh("new")))[0] for token in kept] == [201, 201, 201]
    left = (await guest.data(MINE))["viewer"]["account"]["invitations"]
    assert [each["email"] for each in left] == ["seller@example.test"]


async def test_an_invitation_comes_by_mail_and_is_accepted_by_signing_in(acme: Acme) -> None:
    ada, world = acme.customers["customer"], acme.api.world
    async with post_office(world) as office:
        await invited(office.world, ada, MemberRole.VIEWER, "vito@marchetti.example")
        (mail,) = office.mails()
        told = mail.body("plain")
    assert mail.message["To"] == "vito@marchetti.example"
    assert told is not None
    assert mail.body("html")
    (link,) = [line for line in told.split() if "/join#" in line]
    token = link.partition("#")[2]
    refused = await acme.browser().sign_in("portal", "viewer-member")
    assert refused.status_code == 403
    thief = await acme.browser().sign_in("portal", "other-customer", f"?invitation={token}")
    assert (thief.status_code, "belongs to a customer already" in thief.text) == (409, True)
    browser = await acme.signed_in("portal", "viewer-member", f"?return_to=/bills&invitation={token}")
    assert (await browser.data(ME))["viewer"]["customer"]["id"] == str(ada.id)
    assert (await browser.data("{ viewer { member { role email } } }"))["viewer"]["member"] == {
        "role": "VIEWER", "email": "vito@marchetti.example",
    }  # fmt: skip
    again = await acme.signed_in("portal", "viewer-member", f"?invitation={token}")  # who is in just signs in
    me = (await again.who())["subject"]
    owner = Caller(acme.api.http, await acme.api.token("portal", ada.subject))
    await owner.do(mutation("removeMember"), memberId=me)
    assert [(await each.ask(ME)).status_code for each in (browser, again)] == [401, 401]
    over = await acme.browser().sign_in("portal", "viewer-member", f"?invitation={token}")
    assert (over.status_code, "ask for another one" in over.text) == (410, True)


def test_every_operation_of_the_portal_says_which_right_it_asks_for() -> None:
    assert NEEDS.keys() == {name for name, each in OPERATIONS.items() if Grant.PORTAL in each.allowed}


@pytest.mark.parametrize("now", [None, MemberRole.BILLING, MemberRole.ADMIN])
async def test_a_call_that_waited_while_its_callers_right_was_taken_changes_nobodys_access(
    api: Api, now: MemberRole | None
) -> None:
    guest = await api.guest()
    mallory, friend = [await as_guest(api, guest, role) for role in (MemberRole.OWNER, MemberRole.VIEWER)]
    await invited(api.world, guest.who, MemberRole.OWNER, "second@example.test")
    account = (await guest.data(MINE))["viewer"]["account"]
    owner, late = account["members"][0]["id"], mallory.who.actor.subject
    if now is None:
        await guest.do(mutation("removeMember"), memberId=late)
    else:
        await guest.do(mutation("changeMemberRole"), memberId=late, role=now.value.upper())
    before = (await guest.data(MINE))["viewer"]["account"]
    asked: list[tuple[Operation[Any, Any], Any, bool]] = [
        (invite_member, InviteMember(MemberRole.OWNER, email="eve@example.test"), True),
        (invite_member, InviteMember(MemberRole.VIEWER, email="second@example.test"), True),
        (invite_member, InviteMember(MemberRole.VIEWER, email="eve@example.test"), False),
        (change_member_role, ChangeMemberRole(CustomerUserId.parse(friend.who.actor.subject), MemberRole.OWNER), True),
        (change_member_role, ChangeMemberRole(CustomerUserId.parse(friend.who.actor.subject), MemberRole.ADMIN), False),
        (remove_member, RemoveMember(CustomerUserId.parse(owner)), True),
        (remove_member, RemoveMember(CustomerUserId.parse(friend.who.actor.subject)), False),
        (withdraw_invitation, WithdrawInvitation(InvitationId.parse(account["invitations"][0]["id"])), True),
    ]
    for operation, command, for_owners in asked:
        if for_owners or now is not MemberRole.ADMIN:
            with pytest.raises(Refused) as refused:  # its actor is from when the request was let in
                await api.world.do(mallory.who, operation, command)
            told = (refused.value.code, refused.value.path)
            named = {remove_member: "memberId", withdraw_invitation: "invitationId"}.get(operation, "role")
            assert told == (RefusalCode.FORBIDDEN, (named,) if now is MemberRole.ADMIN else ()), command
    assert (await guest.data(MINE))["viewer"]["account"] == before
