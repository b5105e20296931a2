"""Of all that people may ask for: what begins something new with a customer, and what may happen after an erasure."""

from datetime import date
from typing import Any

from domain.catalog.coupon_at_purchase import CheckCoupon, check_coupon
from domain.catalog.entitlement import GrantEntitlement, grant_entitlement
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.customers.billing_contact import SaveBillingContact, Topic, save_billing_contact
from domain.customers.change_billing_person import ChangeBillingPerson, change_billing_person
from domain.customers.change_member import ChangeMemberRole, change_member_role
from domain.customers.invite_member import InviteMember, invite_member
from domain.customers.keep_tax_identity import StoreTaxIdentity, store_tax_identity
from domain.customers.tax_exemption import AddTaxExemption, add_tax_exemption
from domain.dunning.choose_payday import ChoosePayday, choose_payday
from domain.dunning.split_invoice import SplitInvoice, split_invoice
from domain.ids import CustomerUserId, InvoiceId, SubscriptionId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.invoices.edit_draft import (
    AddInvoiceLine,
    CreateInvoice,
    EditInvoiceLine,
    add_invoice_line,
    create_invoice,
    edit_invoice_line,
)
from domain.invoices.invoice_preferences import SetInvoicePreferences, set_invoice_preferences
from domain.invoices.manual_line import ManualLine
from domain.invoices.sign_contract import SignContract, sign_contract
from domain.links.create import CreatePortalLink, create_portal_link
from domain.member_role import MemberRole
from domain.operation import Operation
from domain.payments.debt_policy import SetCustomerDebtPolicy, set_customer_debt_policy
from domain.payments.method import StoreMethod, store_method
from domain.portal_link import LinkPurpose
from domain.privacy.data_export import AskExport, ask_export
from domain.subscriptions.accept_retention import AcceptRetentionOffer, accept_retention_offer
from domain.subscriptions.cancel import ReactivateSubscription, reactivate_subscription
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.change_quantity import ChangeQuantity, change_quantity
from domain.subscriptions.pause import PauseSubscription, pause_subscription
from domain.subscriptions.retention_offer import Retention
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.domain.invoices.bills import eur
from tests.lives import day
from tests.world import NEW_YEAR, Someone, World, fresh

# What the customer's own people, or staff for it, may still do: it ends something, moves back or records money, decides
# on what is under way, or only looks.
STILL = {
    *("catalog.end_exception", "catalog.end_redemption", "customers.advance_clock", "customers.end_tax_exemption"),
    *("customers.remove_billing_contact", "customers.set_parent", "customers.state_tax_place"),
    *(
        "customers.judge_tax_identity",
        "customers.withdraw_tax_identity",
        "members.remove",
        "members.withdraw_invitation",
    ),
    *("invoices.cancel_contract", "invoices.correct_tax", "invoices.delete_draft", "invoices.remove_line"),
    *("invoices.finalize_draft", "invoices.issue_credit_note", "invoices.mark_uncollectible", "invoices.void"),
    *("invoices.void_credit_note", "notices.resend", "payments.accept_dispute", "payments.approve_refund"),
    *("payments.cancel_refund_request", "payments.capture", "payments.claim_exception", "payments.order_methods"),
    *("payments.pay_invoice", "payments.record_offline", "payments.record_payout", "payments.reject_refund"),
    *("payments.release_exception", "payments.remove_method", "payments.request_refund", "payments.resolve_exception"),
    *("payments.reverse_offline", "payments.submit_evidence", "payments.void", "privacy.ask_erasure"),
    *("privacy.decide_erasure", "privacy.fetch_export", "privacy.request_erasure", "privacy.set_legal_hold"),
    *("sagas.resume", "sessions.end", "subscriptions.cancel", "subscriptions.cancel_scheduled_change"),
    *("subscriptions.preview_next_invoice", "subscriptions.resume", "subscriptions.simulate"),
    *("supervision.replay_dead_letter", "bulk.try_item"),
}
# Of a tenant or a house, which nobody erases, or before there is a customer.
ELSEWHERE = {
    *("bulk.start", "bulk.steer", "catalog.end_coupon", "customers.create", "dunning.publish_grace_rule"),
    *("dunning.save_policy", "dunning.set_recovery_policy", "invoices.start_tax_run", "ledger.close_period"),
    *("notices.set_policy", "payments.set_debt_policy", "payments.set_dispute_policy", "payments.set_policy"),
    *("payments.set_refund_policy", "payments.set_route", "sessions.end_staff", "subscriptions.set_policy"),
    *("subscriptions.set_retention_offer", "tax.publish_rate", "tax.register", "tax.set_seller"),
    *("catalog.publish_coupon", "catalog.publish_feature", "catalog.publish_plan", "catalog.publish_plan_version"),
    *("catalog.publish_price", "catalog.retire_plan", "catalog.retire_price", "webhooks.replay"),
    *("webhooks.change_endpoint", "webhooks.register_endpoint", "webhooks.rotate_secret"),
}
LINE = ManualLine("Work", 1, eur(500))
TERM = (day(1, 1), day(3, 1))


def new_things(world: World, of: Someone) -> list[tuple[Operation[Any, Any], object]]:
    """Each thing that can begin with a customer, as somebody would ask for it; what it names need not be there."""
    shard, uuid, starter = of.id.shard, of.id.uuid, world.prices["starter"]
    bill, bought, member = InvoiceId(shard, uuid), SubscriptionId(shard, uuid), CustomerUserId(shard, uuid)
    return [
        (sign_contract, SignContract(starter, eur(5000), *TERM, 0, None)),
        (start_subscription, StartSubscription(starter, 1)),
        (change_plan, ChangePlan(bought, starter)),
        (change_quantity, ChangeQuantity(bought, 2)),
        (reactivate_subscription, ReactivateSubscription(bought)),
        (pause_subscription, PauseSubscription(bought, None)),
        (accept_retention_offer, AcceptRetentionOffer(bought, Retention.PAUSE, None)),
        (create_invoice, CreateInvoice((LINE,), None, None)),
        (add_invoice_line, AddInvoiceLine(bill, LINE)),
        (edit_invoice_line, EditInvoiceLine(bill, 1, LINE)),
        (set_billing_terms, SetBillingTerms(30, "PO 1")),
        (check_coupon, CheckCoupon("ANY", starter)),
        (redeem_coupon, RedeemCoupon("ANY", None)),
        (grant_entitlement, GrantEntitlement("any", 1, None, None, "Kindness.")),
        (choose_payday, ChoosePayday(bill, date(2027, 1, 9))),
        (split_invoice, SplitInvoice(bill, 2, 7)),
        (set_customer_debt_policy, SetCustomerDebtPolicy(None)),
        (create_portal_link, CreatePortalLink(LinkPurpose.UPDATE_CARD, None, None, 60)),
        (ask_export, AskExport(False)),
        (change_member_role, ChangeMemberRole(member, MemberRole.VIEWER)),
        (invite_member, InviteMember(MemberRole.VIEWER, "v@example.test")),
        (save_billing_contact, SaveBillingContact(None, (Topic.DUNNING,), name="C", email="c@example.test")),
        (change_billing_person, ChangeBillingPerson("DE", "", name="N", email="n@example.test", address="1 Street")),
        (set_invoice_preferences, SetInvoicePreferences("en", None, email="i@example.test")),
        (store_tax_identity, StoreTaxIdentity("AT", "ATU12345675")),
        (add_tax_exemption, AddTaxExemption("US", "CA", "standard", NEW_YEAR, None, certificate="C")),
        (store_method, StoreMethod("sandbox", "tok_visa", fresh("ref"), "card", "visa", "4242")),
    ]  # fmt: skip
