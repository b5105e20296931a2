"""What Stripe's objects say, as far as we read them; amounts are Stripe's own, times are seconds since 1970."""

from typing import Generic, TypeVar

import msgspec


class WireError(msgspec.Struct, frozen=True):
    """`decline_code` is the bank's reason, `code` Stripe's; `advice_code` what the bank says of another try; `param`
    the parameter that is wrong; `payment_intent` the object that a decline is about."""

    type: str = ""
    code: str | None = None
    decline_code: str | None = None
    advice_code: str | None = None
    param: str | None = None
    payment_intent: "WireIntent | None" = None


class WireCardCharge(msgspec.Struct, frozen=True):
    """What the bank granted, and until when it may be captured."""

    amount_authorized: int | None = None
    capture_before: int | None = None


class WireChargeDetails(msgspec.Struct, frozen=True):
    """How it was charged."""

    type: str
    card: WireCardCharge | None = None


class WireCharge(msgspec.Struct, frozen=True):
    """One try to move the money of an intent; `failure_balance_transaction` is there where a success was undone."""

    id: str
    amount: int
    amount_captured: int
    currency: str
    status: str
    created: int
    payment_intent: str | None = None
    failure_code: str | None = None
    failure_balance_transaction: str | None = None
    payment_method_details: WireChargeDetails | None = None
    metadata: dict[str, str] = {}


class WireRedirect(msgspec.Struct, frozen=True):
    """Where the customer has to go."""

    url: str | None = None


class WireAction(msgspec.Struct, frozen=True):
    """What the customer has to do."""

    type: str
    redirect_to_url: WireRedirect | None = None


class WireIntent(msgspec.Struct, frozen=True):
    """A payment from its creation to its end; `latest_charge` is whole where we asked for it, else its id."""

    id: str
    status: str
    amount: int
    currency: str
    created: int
    amount_capturable: int = 0
    amount_received: int = 0
    capture_method: str = "automatic"
    cancellation_reason: str | None = None
    last_payment_error: WireError | None = None
    next_action: WireAction | None = None
    latest_charge: WireCharge | str | None = None
    metadata: dict[str, str] = {}
    payment_method_types: list[str] = []

    @property
    def charge(self) -> WireCharge | None:
        """The whole charge, where we have it."""
        return self.latest_charge if isinstance(self.latest_charge, WireCharge) else None


class WireRefund(msgspec.Struct, frozen=True):
    """A refund; `metadata` is what we gave it."""

    id: str
    status: str | None
    amount: int
    currency: str
    payment_intent: str | None = None
    failure_reason: str | None = None
    metadata: dict[str, str] = {}


class WireCard(msgspec.Struct, frozen=True):
    """A card as people recognise it."""

    brand: str
    last4: str
    exp_year: int
    exp_month: int


class WireAccount(msgspec.Struct, frozen=True):
    """A bank account as people recognise it."""

    last4: str | None = None


class WireMethod(msgspec.Struct, frozen=True):
    """A stored payment method; it can be charged again while it belongs to a customer there."""

    id: str
    type: str
    customer: str | None = None
    card: WireCard | None = None
    sepa_debit: WireAccount | None = None
    us_bank_account: WireAccount | None = None
    bacs_debit: WireAccount | None = None
    acss_debit: WireAccount | None = None
    au_becs_debit: WireAccount | None = None


class WireCustomer(msgspec.Struct, frozen=True):
    """Who methods are stored with; `metadata` is what we gave it."""

    id: str
    metadata: dict[str, str] = {}


class WireSource(msgspec.Struct, frozen=True):
    """What moved money: a charge, a refund, a dispute, a payout."""

    id: str
    object: str
    payment_intent: WireIntent | str | None = None


class WireLine(msgspec.Struct, frozen=True):
    """One movement of the balance, in the currency in which Stripe settles with us."""

    id: str
    amount: int
    fee: int
    currency: str
    created: int
    reporting_category: str
    source: WireSource | str | None = None


T = TypeVar("T")


class WireList(msgspec.Struct, Generic[T], frozen=True):
    """A page of objects."""

    data: list[T]
    has_more: bool
