"""Members of an account on the stages of tests of the door: how one joins, good and bad input, and who may what."""

from typing import Any

from domain.actor import portal
from domain.customers.billing_contact import SaveBillingContact, Topic, save_billing_contact
from domain.customers.invitation import find_invitation, invitation_token
from domain.customers.invite_member import AcceptInvitation, InviteMember, accept_invitation, invite_member
from domain.member_role import MemberRole
from domain.perform import perform
from tests.api_callers import Api, Guest
from tests.world import Someone, World, fresh

MEMBERS = ("inviteMember", "withdrawInvitation", "changeMemberRole", "removeMember")
BILLED = ("setInvoicePreferences", "saveBillingContact", "removeBillingContact")
PORTAL = (*MEMBERS, *BILLED)
UNKNOWN, NOBODY, NO_CONTACT = (f"{kind}_" + "0" * 32 for kind in ("user", "invitation", "contact"))
ADDRESSES = ("", "nobody", "a@b", "a@acme.test\r\nBcc: eve@evil.test", "x" * 200 + "@acme.test")
# For each mutation another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "inviteMember": {"role": "VIEWER"},
    "withdrawInvitation": {"invitationId": NOBODY},
    "changeMemberRole": {"role": "BILLING"},
    "removeMember": {"memberId": UNKNOWN},
    "setInvoicePreferences": {"purchaseOrder": "PO-2"},
    "saveBillingContact": {"topics": ["DUNNING"]},
    "removeBillingContact": {"contactId": NO_CONTACT},
}
# What is wrong in the input, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    *((name, {"email": email}, "INVALID_INPUT", ["email"])
      for name in ("inviteMember", "setInvoicePreferences", "saveBillingContact") for email in ADDRESSES),
    ("saveBillingContact", {"email": "jürgen@acme.test"}, "INVALID_INPUT", ["email"]),
    *(("saveBillingContact", {"name": name}, "INVALID_INPUT", ["name"]) for name in (" ", "x" * 201)),
    *(("saveBillingContact", {"topics": topics}, "INVALID_INPUT", ["topics"]) for topics in ([], ["DUNNING"] * 2)),
    *((name, {"contactId": id}, "NOT_FOUND", ["contactId"])
      for name in ("saveBillingContact", "removeBillingContact") for id in ("nonsense", NO_CONTACT)),
    *(("setInvoicePreferences", {"language": name}, "INVALID_INPUT", ["language"]) for name in ("", "it", "en\n")),
    *(("setInvoicePreferences", {"purchaseOrder": text}, "INVALID_INPUT", ["purchaseOrder"])
      for text in (" ", "x" * 101)),
    *((name, {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]) for name in PORTAL),
    *(("withdrawInvitation", {"invitationId": id}, "NOT_FOUND", ["invitationId"]) for id in ("nonsense", NOBODY)),
    *((name, {"memberId": id}, "NOT_FOUND", ["memberId"])
      for name in ("changeMemberRole", "removeMember") for id in ("nonsense", UNKNOWN)),
]  # fmt: skip
# What owner, admin, billing and viewer may, in that order; a new mutation of the portal needs its place here.
ROLES = tuple(MemberRole)
RIGHTS: dict[str, tuple[str, ...]] = {
    "y---": ("requestDataExport", "requestErasure"),
    "yy--": (
        *MEMBERS, "startSubscription", "changePlan", "changeQuantity", "cancelScheduledChange", "cancelSubscription",
        "reactivateSubscription", "pauseSubscription", "resumeSubscription", "redeemCoupon", "advanceTestClock",
        "acceptRetentionOffer",
    ),
    "yyy-": (
        "addPaymentMethod", "removePaymentMethod", "setPaymentMethodOrder", "payInvoice", "choosePayday",
        "splitInvoice", "addTaxId", "removeTaxId", "changeBillingDetails", *BILLED,
    ),
    "yyyy": ("endSessions",),
}  # fmt: skip


async def invited(world: World, who: Someone, role: MemberRole, email: str | None = None) -> str:
    """An invitation of an address that no other test uses; its text, as the e-mail has it."""
    command = InviteMember(role, email=email or f"{fresh('m')}@example.test")
    done = await world.do(who, invite_member, command)
    return invitation_token(world.house.db.vault, done.outcome.invitation, done.outcome.expires_at)


async def joined(
    world: World, who: Someone, role: MemberRole, issuer: str = "test-issuer", subject: str | None = None
) -> Someone:
    """Another member of the customer's account, who was invited and has signed in."""
    subject, db = subject or fresh("member"), world.house.db
    command = InviteMember(role, email=f"{subject}@example.test")
    done = await world.do(who, invite_member, command)
    found = await find_invitation(db.primary, done.outcome.invitation)
    assert found is not None
    accepted = AcceptInvitation(found.id, issuer, subject)
    user = (await perform(db, accept_invitation, found.guest("request"), who.id, accepted, fresh("accept"))).outcome
    return Someone(who.id, portal(world.tenant.tenant, who.id, str(user.user), fresh("request"), role), issuer, subject)


async def member_input(api: Api, guest: Guest) -> dict[str, dict[str, Any]]:
    """For each mutation about members an input that would be performed."""
    world = api.world
    open_one = await world.do(guest.who, invite_member, InviteMember(MemberRole.VIEWER, email="open@example.test"))
    contact = SaveBillingContact(None, (Topic.INVOICES,), name="Bo", email=f"{fresh('bo')}@example.test")
    known = (await world.do(guest.who, save_billing_contact, contact)).outcome.contact
    changed, removed = [await joined(world, guest.who, MemberRole.VIEWER) for _ in range(2)]
    return {
        "inviteMember": {"email": "new@example.test", "role": "BILLING"},
        "withdrawInvitation": {"invitationId": str(open_one.outcome.invitation)},
        "changeMemberRole": {"memberId": changed.actor.subject, "role": "ADMIN"},
        "removeMember": {"memberId": removed.actor.subject},
        "setInvoicePreferences": {"language": "de", "purchaseOrder": "PO-1", "email": "bills@example.test"},
        "saveBillingContact": {"name": "Cy", "email": "cy@example.test", "topics": ["INVOICES", "DUNNING"]},
        "removeBillingContact": {"contactId": str(known)},
    }
