"""The schema: roots, mutations, scalars. ``frontend-schema.graphql`` is printed from it."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from api.documents import UsePrepared
from api.execution.schema import PlannedSchema
from api.graph import (
    billing_details,
    colleagues,
    coupons,
    debt,
    dispute_answers,
    dispute_policy,
    dunning_policy,
    ending,
    entitlements,
    family,
    features,
    grace_rules,
    held_payments,
    legal_entities,
    method_order,
    notice_policy,
    notices,
    offline_payments,
    pausing,
    payment_policy,
    payment_route,
    payouts,
    plan_change,
    plan_versions,
    price_list,
    purchase,
    recovery,
    redemptions,
    refund_policy,
    refunds,
    retiring,
    sign_up,
    staff_contracts,
    staff_credit_notes,
    staff_invoices,
    staff_terms,
    subscription_policy,
    tax_corrections,
    tax_exemptions,
    tax_ids,
    tax_rates,
    tax_registrations,
    webhook_mutations,
)
from api.graph import exception_decisions as cases
from api.graph import portal_mutations as portal
from api.graph import refund_decisions as decided
from api.graph.live import Live
from api.graph.mutation_field import mutation_field as _mutation
from api.graph.query import Query
from api.graph.root_mutations import RootMutations
from api.scalars import scalar_map


@strawberry.type(description="Where every change starts. Each one is performed once under its idempotency key.")
class Mutation(RootMutations):
    """The mutation root."""

    add_payment_method: portal.AddPaymentMethodPayload = _mutation(
        portal.add_payment_method, "Stores a payment method and makes it the default."
    )
    start_subscription: purchase.StartSubscriptionPayload = _mutation(
        purchase.start, "Buys a plan: the first invoice is issued and charged at once."
    )
    change_plan: plan_change.ChangePlanPayload = _mutation(
        plan_change.change, "A dearer plan at once, prorated, once it is paid; a cheaper one when the period ends."
    )
    change_quantity: plan_change.ChangeQuantityPayload = _mutation(
        plan_change.change_seats, "More seats at once, prorated, once they are paid; fewer by the tenant's policy."
    )
    cancel_scheduled_change: ending.CancelScheduledChangePayload = _mutation(
        ending.cancel_scheduled, "Takes back what was planned for the next period."
    )
    cancel_subscription: ending.CancelSubscriptionPayload = _mutation(
        ending.cancel, "Ends a subscription, when what was paid for is over or at once."
    )
    reactivate_subscription: ending.ReactivateSubscriptionPayload = _mutation(
        ending.reactivate, "Keeps a subscription that was cancelled and has not ended yet."
    )
    pause_subscription: pausing.PauseSubscriptionPayload = _mutation(
        pausing.pause, "Stops billing a subscription for a while; what was paid for stays."
    )
    resume_subscription: pausing.ResumeSubscriptionPayload = _mutation(
        pausing.resume, "Ends a pause: in the paid period, or with a new cycle that is billed now."
    )
    set_subscription_policy: subscription_policy.SetSubscriptionPolicyPayload = _mutation(
        subscription_policy.set_policy, "Admins: says how those who leave, pause or shrink are treated."
    )
    pay_invoice: portal.PayInvoicePayload = _mutation(portal.pay, "Collects what is due on an open invoice.")
    choose_payday: recovery.ChoosePaydayPayload = _mutation(recovery.choose_day, "Moves the next retry to a day.")
    split_invoice: recovery.SplitInvoicePayload = _mutation(recovery.split, "Pays an overdue invoice in parts.")
    capture_invoice_payment: held_payments.CaptureInvoicePaymentPayload = _mutation(
        held_payments.capture, "Finance: takes what a payment holds, all or a part of it."
    )
    void_payment: held_payments.VoidPaymentPayload = _mutation(
        held_payments.void, "Support: lets a payment go of which nothing more is to be taken."
    )
    record_offline_payment: offline_payments.RecordOfflinePaymentPayload = _mutation(
        offline_payments.record, "Finance: records money that came by transfer, in cash or by cheque."
    )
    reverse_offline_payment: offline_payments.ReverseOfflinePaymentPayload = _mutation(
        offline_payments.reverse, "Finance: takes such a record back; the invoice is owed again."
    )
    set_payment_method_order: method_order.SetPaymentMethodOrderPayload = _mutation(
        method_order.set_order, "Says which stored method is the default, and in which order its backups are tried."
    )
    remove_payment_method: method_order.RemovePaymentMethodPayload = _mutation(
        method_order.remove, "Takes a stored method away; the last one stays while something is owed."
    )
    set_payment_policy: payment_policy.SetPaymentPolicyPayload = _mutation(
        payment_policy.set_policy, "Admins: says when payments are taken, and what less than was asked is."
    )
    set_payment_route: payment_route.SetPaymentRoutePayload = _mutation(
        payment_route.set_route, "Admins: says at which provider account new payment methods are stored, by currency."
    )
    advance_test_clock: portal.AdvanceTestClockPayload = _mutation(
        portal.advance, "Moves the test clock of a sandbox customer; everything on the way is done at its time."
    )
    create_customer: sign_up.CreateCustomerPayload = _mutation(sign_up.create, "Staff: signs a customer up.")
    register_staff: colleagues.RegisterStaffPayload = _mutation(
        colleagues.register_colleague, "Admins: gives staff a role."
    )
    register_partner: colleagues.RegisterPartnerPayload = _mutation(colleagues.register_client, "Admin: adds a client.")
    publish_plan: price_list.PublishPlanPayload = _mutation(price_list.publish_a_plan, "Admins: adds a plan.")
    publish_price: price_list.PublishPricePayload = _mutation(price_list.publish_a_price, "Admins: adds a price.")
    retire_plan: retiring.RetirePlanPayload = _mutation(retiring.retire_a_plan, "Admins: sells a plan to nobody new.")
    retire_price: retiring.RetirePricePayload = _mutation(
        retiring.retire_a_price, "Admins: sells at a price to nobody new."
    )
    publish_plan_version: plan_versions.PublishPlanVersionPayload = _mutation(
        plan_versions.publish_a_version, "Admins: adds a version of a plan."
    )
    publish_feature: features.PublishFeaturePayload = _mutation(
        features.publish_a_feature, "Admins: adds a feature that plans can allow."
    )
    publish_coupon: coupons.PublishCouponPayload = _mutation(coupons.publish_a_coupon, "Admins: adds a coupon.")
    end_coupon: coupons.EndCouponPayload = _mutation(coupons.end_a_coupon, "Admins: ends a coupon.")
    redeem_coupon: redemptions.RedeemCouponPayload = _mutation(
        redemptions.redeem, "Redeems a coupon by its code, once a customer."
    )
    end_coupon_redemption: redemptions.EndCouponRedemptionPayload = _mutation(
        redemptions.end_a_redemption, "Support: takes a redemption back."
    )
    grant_entitlement: entitlements.GrantEntitlementPayload = _mutation(
        entitlements.grant, "Support: makes an exception from what a customer's plans allow."
    )
    end_entitlement_exception: entitlements.EndEntitlementExceptionPayload = _mutation(
        entitlements.end, "Support: ends such an exception before its time."
    )
    save_dunning_policy: dunning_policy.SaveDunningPolicyPayload = _mutation(
        dunning_policy.save_a_policy, "Admins: saves what happens when a payment has failed."
    )
    set_recovery_policy: recovery.SetRecoveryPolicyPayload = _mutation(
        recovery.set_recovery_rules, "Admins: says by which methods, when and how often it is tried again."
    )
    publish_grace_rule: grace_rules.PublishGraceRulePayload = _mutation(
        grace_rules.publish_a_rule, "Admins: adds the next version of what a country asks for before access may end."
    )
    refund_payment: refunds.RefundPaymentPayload = _mutation(
        refunds.refund_payment, "Support: gives part or all of a captured payment back."
    )
    record_refund_payout: payouts.RecordRefundPayoutPayload = _mutation(payouts.record, "Finance: a refund was paid.")
    approve_refund: decided.ApproveRefundPayload = _mutation(decided.approve, "Leads: makes what another asked for.")
    reject_refund: decided.RejectRefundPayload = _mutation(decided.reject, "Leads: refuses what another asked for.")
    cancel_refund_request: decided.CancelRefundRequestPayload = _mutation(
        decided.cancel, "Support: takes back what was asked for and is not decided yet."
    )
    claim_exception: cases.ClaimExceptionPayload = _mutation(cases.claim, "Support: looks into an exception.")
    release_exception: cases.ReleaseExceptionPayload = _mutation(cases.release, "Support: gives an exception back.")
    resolve_exception: cases.ResolveExceptionPayload = _mutation(cases.resolve, "Finance: decides on an exception.")
    set_refund_policy: refund_policy.SetRefundPolicyPayload = _mutation(
        refund_policy.set_policy, "Admins: says how much a member of staff gives back without another person."
    )
    submit_dispute_evidence: dispute_answers.SubmitDisputeEvidencePayload = _mutation(
        dispute_answers.submit, "Support: answers a dispute with texts and documents, once."
    )
    accept_dispute: dispute_answers.AcceptDisputePayload = _mutation(
        dispute_answers.accept, "Leads: gives a dispute up, which is lost with that."
    )
    set_dispute_policy: dispute_policy.SetDisputePolicyPayload = _mutation(
        dispute_policy.set_policy, "Admins: says what becomes of access while a payment is in dispute."
    )
    resend_notice: notices.ResendNoticePayload = _mutation(
        notices.resend, "Support: has a customer told again by e-mail, of what is so now."
    )
    set_notice_policy: notice_policy.SetNoticePolicyPayload = _mutation(
        notice_policy.set_policy, "Admins: says what a legal entity tells its customers by e-mail, and as whom."
    )
    change_billing_details: billing_details.ChangeBillingDetailsPayload = _mutation(
        billing_details.change, "Replaces the name and address a customer is billed and taxed under."
    )
    add_tax_id: tax_ids.AddTaxIdPayload = _mutation(tax_ids.add, "Adds a tax id of a customer.")
    remove_tax_id: tax_ids.RemoveTaxIdPayload = _mutation(tax_ids.remove, "Removes a tax id of a customer.")
    judge_tax_id: tax_ids.JudgeTaxIdPayload = _mutation(
        tax_ids.judge, "Support: says what its country's register says of a tax id."
    )
    add_tax_exemption: tax_exemptions.AddTaxExemptionPayload = _mutation(
        tax_exemptions.add, "Support: keeps a certificate that frees a customer from tax."
    )
    end_tax_exemption: tax_exemptions.EndTaxExemptionPayload = _mutation(
        tax_exemptions.end, "Support: ends such a certificate."
    )
    publish_tax_rate: tax_rates.PublishTaxRatePayload = _mutation(
        tax_rates.publish_a_rate, "Finance: adds a version of a tax rate."
    )
    register_for_tax: tax_registrations.RegisterForTaxPayload = _mutation(
        tax_registrations.register, "Finance: registers a legal entity for tax."
    )
    set_seller_tax: tax_registrations.SetSellerTaxPayload = _mutation(
        tax_registrations.set_seller, "Finance: says where a legal entity sits and where its tax is rounded."
    )
    correct_tax: tax_corrections.CorrectTaxPayload = _mutation(
        tax_corrections.correct, "Finance: makes the tax of an issued invoice what it should have been, by a document."
    )
    state_tax_place: tax_corrections.StateTaxPlacePayload = _mutation(
        tax_corrections.state_place, "Finance: says where a customer really was for tax in a span of the past."
    )
    start_tax_correction_run: tax_corrections.StartTaxCorrectionRunPayload = _mutation(
        tax_corrections.start_run, "Finance: corrects the tax of all invoices that a rate or a place concerns."
    )
    set_legal_details: legal_entities.SetLegalDetailsPayload = _mutation(
        legal_entities.set_details, "Finance: says where a legal entity is registered and how long it keeps documents."
    )
    issue_credit_note: staff_credit_notes.IssueCreditNotePayload = _mutation(
        staff_credit_notes.issue, "Finance: takes a part of an invoice back; what is owed first, then money."
    )
    void_credit_note: staff_credit_notes.VoidCreditNotePayload = _mutation(
        staff_credit_notes.void, "Finance: takes back a credit note that was issued by mistake."
    )
    void_invoice: staff_terms.VoidInvoicePayload = _mutation(
        staff_terms.void, "Finance: takes an open invoice back whole, and may put another in its place."
    )
    mark_invoice_uncollectible: staff_terms.MarkInvoiceUncollectiblePayload = _mutation(
        staff_terms.mark_uncollectible,
        "Finance: gives up what is due on an invoice; a subscription that was being dunned for it ends.",
    )
    create_invoice: staff_invoices.CreateInvoicePayload = _mutation(
        staff_invoices.create, "Finance: begins an invoice of staff."
    )
    add_invoice_line: staff_invoices.AddInvoiceLinePayload = _mutation(
        staff_invoices.add, "Finance: adds a line to a draft."
    )
    edit_invoice_line: staff_invoices.EditInvoiceLinePayload = _mutation(
        staff_invoices.edit, "Finance: changes a charge of a draft."
    )
    remove_invoice_line: staff_invoices.RemoveInvoiceLinePayload = _mutation(
        staff_invoices.remove, "Finance: takes a line out of a draft."
    )
    delete_invoice_draft: staff_invoices.DeleteInvoiceDraftPayload = _mutation(
        staff_invoices.delete, "Finance: throws a draft of staff away."
    )
    finalize_invoice: staff_invoices.FinalizeInvoicePayload = _mutation(
        staff_invoices.finalize, "Finance: issues a draft and collects it."
    )
    set_billing_terms: staff_terms.SetBillingTermsPayload = _mutation(
        staff_terms.set_terms, "Finance: sets how a customer pays."
    )
    set_parent_customer: family.SetParentCustomerPayload = _mutation(
        family.set_parent_customer, "Finance: puts a customer under another one, or under none any more."
    )
    set_debt_policy: debt.SetDebtPolicyPayload = _mutation(
        debt.set_policy, "Admins: says from when on overdue debt blocks what customers may use."
    )
    set_customer_debt_policy: debt.SetCustomerDebtPolicyPayload = _mutation(
        debt.set_customer_policy, "Finance: says so for one customer in the tenant's place."
    )
    register_webhook_endpoint: webhook_mutations.RegisterWebhookEndpointPayload = _mutation(
        webhook_mutations.register, "Admins: tells a system of the tenant's own what happens to its customers."
    )
    change_webhook_endpoint: webhook_mutations.ChangeWebhookEndpointPayload = _mutation(
        webhook_mutations.change, "Admins: changes an endpoint, or switches it off and on."
    )
    rotate_webhook_secret: webhook_mutations.RotateWebhookSecretPayload = _mutation(
        webhook_mutations.rotate, "Admins: gives an endpoint another secret; both sign for a day."
    )
    replay_webhooks: webhook_mutations.ReplayWebhooksPayload = _mutation(
        webhook_mutations.replay, "Support: sends again what an endpoint did not take."
    )
    create_contract: staff_contracts.CreateContractPayload = _mutation(
        staff_contracts.create_contract, "Finance: agrees on a price for a term, or on the next one."
    )
    cancel_contract: staff_contracts.CancelContractPayload = _mutation(
        staff_contracts.cancel, "Finance: ends a contract before its term is over."
    )


def build_schema() -> PlannedSchema:
    """The schema of the API."""
    config = StrawberryConfig(scalar_map=scalar_map)
    return PlannedSchema(Query, Mutation, Live, extensions=[UsePrepared], config=config)
