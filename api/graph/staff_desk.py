"""What the staff of a tenant see beside its customers: the audit trail, and work that failed."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from api.connection import HistoryConnection
from api.errors import Code, Fault
from api.graph.arguments import After, AtLeast, CustomerArgument, First, Id, MaybeId, MaybeReference
from api.graph.audit_pages import AuditChain, AuditEntry, audit_page, audit_verdict
from api.graph.bulk import StaffBulk
from api.graph.context import Info
from api.graph.coupon_costs import CouponReport, coupon_report
from api.graph.coupons import Coupon, all_coupons
from api.graph.customer import Customer, find_by_name, find_customer
from api.graph.dead_letters import StaffLetters
from api.graph.debt import DebtPolicy
from api.graph.dunning_policy import DunningPolicy, all_policies, current_policy
from api.graph.entitlements import EntitlementException, exceptions_of
from api.graph.exceptions import StaffExceptions
from api.graph.features import Feature, all_features
from api.graph.grace_rules import GraceRule, grace_rules_of
from api.graph.members import StaffMembers
from api.graph.payment_policy import PaymentPolicy
from api.graph.payments_in_doubt import StaffDoubts
from api.graph.portal_features import StaffPortal
from api.graph.request_pages import StaffRequests
from api.graph.retiring import AfterPlan, ListedPlan, whole_list
from api.graph.sagas import StaffSagas
from api.graph.staff_disputes import StaffDisputes
from api.graph.staff_finds import StaffFinds
from api.graph.staff_inspection import StaffInspections
from api.graph.staff_notices import StaffNotices
from api.graph.staff_partners import StaffPartners
from api.graph.staff_payments import StaffPayment
from api.graph.staff_privacy import StaffPrivacy
from api.graph.staff_providers import StaffProviders, provider_text
from api.graph.staff_security import StaffSecurity
from api.graph.staff_webhooks import StaffWebhooks
from api.graph.staying import StaffRetention
from api.graph.subscription_policy import SubscriptionPolicy
from api.graph.tax_rates import TaxRate, rates_of
from api.graph.tax_registrations import ENTITY, TaxRegistration, registrations_of
from api.graph.tax_runs import (
    TaxByRate,
    TaxCorrectionPreview,
    TaxCorrectionRun,
    preview_shown,
    run_shown,
    tax_report,
)
from api.scalars import GlobalId
from domain.fanout.by_provider import payments_of_reference
from domain.ids import CustomerId, PaymentId, TaxRunId
from domain.payments import payment as payments
from domain.payments.debt_policy import tenant_debt_policy
from domain.payments.owner import payment_owner
from domain.payments.policy import payment_policy as payment_rules_of
from domain.payments.stuck import stuck_payments
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.policy import subscription_policy as rules_of
from domain.tenants.tenant import tenant_shard_keys

ProviderReference = Annotated[str, strawberry.argument(description="What the provider calls the charge.")]
Since = Annotated[datetime, strawberry.argument(description="The first instant of the span.")]
Until = Annotated[datetime, strawberry.argument(description="The first instant after the span.")]
Sandbox = Annotated[bool, strawberry.argument(description="Of sandbox customers instead of those who are billed.")]
Country = Annotated[str | None, strawberry.argument(description="Only rates of that country.")]
AfterRate = Annotated[GlobalId | None, strawberry.argument(description="The last rate of the answer before.")]
MaybeRate = Annotated[GlobalId | None, strawberry.argument(description="The corrected version; or name a country.")]
TaxCountry = Annotated[str | None, strawberry.argument(description="The country whose tax it is; or name a rate.")]
MaybeSince = Annotated[datetime | None, strawberry.argument(description="With a country: issued from then on.")]
MaybeUntil = Annotated[datetime | None, strawberry.argument(description="With a country: issued before then.")]
AfterInvoice = Annotated[GlobalId | None, strawberry.argument(description="What the page before calls next.")]
Entity = Annotated[str, strawberry.argument(description=ENTITY)]
MAX_STUCK: Final = 100  # of one shard key; whoever sees more has another problem than the next page


@strawberry.type(description="What support, lead, finance and admin staff see of their tenant.")
class Staff(
    StaffFinds,
    StaffExceptions,
    StaffInspections,
    StaffLetters,
    StaffNotices,
    StaffDisputes,
    StaffPartners,
    StaffProviders,
    StaffSecurity,
    StaffRequests,
    StaffDoubts,
    StaffWebhooks,
    StaffSagas,
    StaffPortal,
    StaffPrivacy,
    StaffRetention,
    StaffBulk,
    StaffMembers,
):
    """The root of staff."""

    @strawberry.field(description="A customer of the tenant, by id or by the tenant's own reference.")
    async def customer(self, info: Info, id: MaybeId = None, reference: MaybeReference = None) -> Customer | None:
        """The customer."""
        if id is not None and reference is None:
            return await find_customer(info, CustomerId.parse(id))
        if reference is not None and id is None:
            return await find_by_name(info, reference)
        raise Fault(Code.BAD_INPUT, "Name the customer by id or by reference.")

    @strawberry.field(description="How the tenant treats those who leave, pause or shrink.")
    async def subscription_policy(self, info: Info) -> SubscriptionPolicy:
        """The rules, or their defaults."""
        return SubscriptionPolicy.of(await rules_of(info.context.db.primary, info.context.tenant))

    @strawberry.field(description="How the tenant takes payments.")
    async def payment_policy(self, info: Info) -> PaymentPolicy:
        """The rules, or their defaults."""
        return PaymentPolicy.of(await payment_rules_of(info.context.db.primary, info.context.tenant))

    @strawberry.field(description="A payment of any customer of the tenant.")
    async def payment(self, info: Info, id: Id) -> StaffPayment | None:
        """The payment of that id."""
        db, parsed = info.context.db.primary, PaymentId.parse(id)
        owner = await payment_owner(db, info.context.tenant, parsed)
        if owner is None:
            raise Refused(RefusalCode.NOT_FOUND, "There is no such payment.")
        return StaffPayment.of(await payments.payment(db, owner, parsed))

    @strawberry.field(
        description="Payments whose outcome nobody knows yet, oldest first; at most 100 a shard key. What the "
        "provider was asked about in vain is an exception."
    )
    async def stuck_payments(self, info: Info) -> list[StaffPayment]:
        """The payments that wait for an answer."""
        db = info.context.db
        return [
            StaffPayment.of(each)
            for key in await tenant_shard_keys(db.primary, info.context.tenant)
            for each in await stuck_payments(db.primary, info.context.tenant, key, db.clock.now(), MAX_STUCK)
        ]

    @strawberry.field(description="The tenant's payments that the provider knows under its own id of the charge.")
    async def payments_by_provider(self, info: Info, reference: ProviderReference) -> list[StaffPayment]:
        """The payments of that reference."""
        name = provider_text(reference, "reference")
        found = await payments_of_reference(info.context.db.primary, info.context.tenant, name)
        return [StaffPayment.of(each) for each in found]

    @strawberry.field(description="What staff let a customer use beside its plans, oldest first.")
    async def entitlement_exceptions(self, info: Info, customer_id: CustomerArgument) -> list[EntitlementException]:
        """The exceptions of a customer, those that are over or to come too."""
        found = await find_customer(info, CustomerId.parse(customer_id))
        return await exceptions_of(info, found.source.id)

    @strawberry.field(description="The tenant's plans, newest first, with all their prices, retired too; at most 100.")
    async def price_list(self, info: Info, after: AfterPlan = None) -> list[ListedPlan]:
        """The plans and prices, on offer or not."""
        return await whole_list(info, after)

    @strawberry.field(description="The tenant's coupons, newest first, those that have ended too.")
    async def coupons(self, info: Info) -> list[Coupon]:
        """The coupons."""
        return await all_coupons(info)

    @strawberry.field(description="The tenant's tax rates with all their versions, last published first; at most 100.")
    async def tax_rates(self, info: Info, country: Country = None, after: AfterRate = None) -> list[TaxRate]:
        """The rates."""
        return await rates_of(info, country, after)

    @strawberry.field(description="Where a legal entity is registered for tax, ended registrations too.")
    async def tax_registrations(self, info: Info, legal_entity: Entity) -> list[TaxRegistration]:
        """The registrations."""
        return await registrations_of(info, legal_entity)

    @strawberry.field(description="What a correction of tax would change, a page of invoices at a time.")
    async def tax_correction_preview(
        self,
        info: Info,
        rate_id: MaybeRate = None,
        country: TaxCountry = None,
        since: MaybeSince = None,
        until: MaybeUntil = None,
        after: AfterInvoice = None,
    ) -> TaxCorrectionPreview:
        """The page."""
        return await preview_shown(info, rate_id, country, since, until, after)

    @strawberry.field(description="A run that corrects the tax of many invoices, and how far it is.")
    async def tax_correction_run(self, info: Info, id: Id) -> TaxCorrectionRun:
        """The run."""
        return await run_shown(info, info.context.staff_home(), TaxRunId.parse(id))

    @strawberry.field(description="What is to be declared of each tax for a span, by currency and rate.")
    async def tax_report(self, info: Info, since: Since, until: Until, sandbox: Sandbox = False) -> list[TaxByRate]:
        """The report."""
        return await tax_report(info, since, until, sandbox=sandbox)

    @strawberry.field(description="What coupons cost; null where the replica is away.")
    async def coupon_report(
        self, info: Info, since: Since, until: Until, sandbox: Sandbox = False, at_least: AtLeast = None
    ) -> CouponReport | None:
        """The report over a span."""
        return await coupon_report(info, since, until, sandbox, at_least)

    @strawberry.field(description="The tenant's features, by code.")
    async def features(self, info: Info) -> list[Feature]:
        """The features."""
        return await all_features(info)

    @strawberry.field(description="What happens when a payment has failed: the timeline that new cases follow.")
    async def dunning_policy(self, info: Info) -> DunningPolicy:
        """The policy."""
        return await current_policy(info)

    @strawberry.field(description="From when on overdue debt blocks customers that have no rules of their own.")
    async def debt_policy(self, info: Info) -> DebtPolicy:
        """The rules."""
        return DebtPolicy.of(await tenant_debt_policy(info.context.db.primary, info.context.tenant))

    @strawberry.field(description="The tenant's own dunning policy, and those of plans and kinds of customers.")
    async def dunning_policies(self, info: Info) -> list[DunningPolicy]:
        """The policies."""
        return await all_policies(info)

    @strawberry.field(description="What countries ask for before access may end, by country; the built-in rules too.")
    async def grace_rules(self, info: Info) -> list[GraceRule]:
        """The rules that hold."""
        return await grace_rules_of(info)

    @strawberry.field(description="A customer's audit trail, newest first, from the replica.")
    async def audit_trail(
        self,
        info: Info,
        customer_id: CustomerArgument,
        first: First,
        after: After = None,
        at_least: AtLeast = None,
    ) -> HistoryConnection[AuditEntry] | None:
        """A page of the chain."""
        found = await find_customer(info, CustomerId.parse(customer_id))
        return await audit_page(info, found.source.id, first, after, at_least)

    @strawberry.field(description="Whether a customer's audit chain still verifies, recomputed now.")
    async def audit_chain(self, info: Info, customer_id: CustomerArgument) -> AuditChain | None:
        """The verdict."""
        found = await find_customer(info, CustomerId.parse(customer_id))
        return await audit_verdict(info, found.source.id)
