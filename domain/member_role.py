"""What a user may do in its customer's account: roles, and the right that each operation of the portal asks for."""

from enum import StrEnum
from typing import Final


class MemberRole(StrEnum):
    """What a user is in the account; the name stands in the database and is never changed."""

    OWNER = "owner"
    ADMIN = "admin"
    BILLING = "billing"
    VIEWER = "viewer"


class Right(StrEnum):
    """What a role gives; who has none of them reads, and signs out."""

    PLANS = "plans"
    PAY = "pay"
    BILLING_DATA = "billing_data"
    MEMBERS = "members"
    OWNERS = "owners"  # also what cannot be undone: erasing the whole account


RIGHTS: Final[dict[MemberRole, frozenset[Right]]] = {
    MemberRole.OWNER: frozenset(Right),
    MemberRole.ADMIN: frozenset(Right) - {Right.OWNERS},
    MemberRole.BILLING: frozenset({Right.PAY, Right.BILLING_DATA}),
    MemberRole.VIEWER: frozenset(),
}

# For each operation that is open to portal users the right it asks for; None: every member may.
NEEDS: Final[dict[str, Right | None]] = {
    "subscriptions.start": Right.PLANS,
    "subscriptions.change_plan": Right.PLANS,
    "subscriptions.change_quantity": Right.PLANS,
    "subscriptions.cancel_scheduled_change": Right.PLANS,
    "subscriptions.cancel": Right.PLANS,
    "subscriptions.reactivate": Right.PLANS,
    "subscriptions.pause": Right.PLANS,
    "subscriptions.resume": Right.PLANS,
    "subscriptions.accept_retention_offer": Right.PLANS,
    "catalog.redeem_coupon": Right.PLANS,
    "customers.advance_clock": Right.PLANS,
    "payments.store_method": Right.PAY,
    "payments.remove_method": Right.PAY,
    "payments.order_methods": Right.PAY,
    "payments.pay_invoice": Right.PAY,
    "dunning.choose_payday": Right.PAY,
    "dunning.split_invoice": Right.PAY,
    "customers.change_billing_person": Right.BILLING_DATA,
    "customers.store_tax_identity": Right.BILLING_DATA,
    "customers.withdraw_tax_identity": Right.BILLING_DATA,
    "customers.save_billing_contact": Right.BILLING_DATA,
    "customers.remove_billing_contact": Right.BILLING_DATA,
    "invoices.set_preferences": Right.BILLING_DATA,
    "members.invite": Right.MEMBERS,
    "members.withdraw_invitation": Right.MEMBERS,
    "members.change_role": Right.MEMBERS,
    "members.remove": Right.MEMBERS,
    "privacy.request_erasure": Right.OWNERS,
    "privacy.ask_export": Right.OWNERS,
    "privacy.fetch_export": Right.OWNERS,
    "sessions.end": None,  # its own
    "subscriptions.preview_next_invoice": None,
    "subscriptions.simulate": None,
    "catalog.check_coupon": None,
}


def has(role: MemberRole, right: Right | None) -> bool:
    """Whether the role gives the right; None is what every role gives."""
    return right is None or right in RIGHTS[role]


def may_perform(role: MemberRole, operation: str) -> bool:
    """Whether a user of that role may perform it; what nobody gave a right is for owners alone."""
    return has(role, NEEDS.get(operation, Right.OWNERS))
