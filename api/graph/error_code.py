"""The codes of refusals as clients see them: the domain's closed list, each with a sentence for who branches on it."""

from enum import Enum

import strawberry

from domain.refusals import RefusalCode

_value = strawberry.enum_value


@strawberry.enum(description="Why it was not done. More values may come; show the message then.")
class ErrorCode(Enum):
    """One for each RefusalCode, by its name."""

    FORBIDDEN = _value("FORBIDDEN", description="This caller may not do it.")
    STEP_UP_REQUIRED = _value("STEP_UP_REQUIRED", description="Sign in again as maxAgeSeconds and acrValues say.")
    FEATURE_OFF = _value("FEATURE_OFF", description="The tenant has switched it off in the portal.")
    LINK_OVER = _value("LINK_OVER", description="The link was used already or has expired: ask for another one.")
    NOT_FOUND = _value("NOT_FOUND", description="It does not exist, or not for this caller.")
    IDEMPOTENCY_MISMATCH = _value("IDEMPOTENCY_MISMATCH", description="The key was used before, for something else.")
    IN_PROGRESS = _value("IN_PROGRESS", description="The first call with this key is still running: send it again.")
    BUSY = _value("BUSY", description="Another call holds this customer for too long: send it again.")
    INVALID_INPUT = _value("INVALID_INPUT", description="A part of the input cannot be meant; path says which.")
    INVALID_AMOUNT = _value("INVALID_AMOUNT", description="The amount is negative, nothing, or too large.")
    CURRENCY_MISMATCH = _value("CURRENCY_MISMATCH", description="The amount or price is in another currency.")
    ALREADY_EXISTS = _value("ALREADY_EXISTS", description="There is one already.")
    STATE_CONFLICT = _value("STATE_CONFLICT", description="It is in a state that does not allow this.")
    CHANGE_PENDING = _value("CHANGE_PENDING", description="An earlier plan change waits for its payment.")
    QUOTE_STALE = _value("QUOTE_STALE", description="The quote does not hold any more; ask for a new one.")
    PAYMENT_METHOD_REQUIRED = _value("PAYMENT_METHOD_REQUIRED", description="Add a payment method first.")
    PAYMENT_METHOD_REFUSED = _value("PAYMENT_METHOD_REFUSED", description="The provider does not take this method.")
    PAYMENT_IN_PROGRESS = _value("PAYMENT_IN_PROGRESS", description="An attempt is open, or its outcome not known yet.")
    NO_PRICE = _value("NO_PRICE", description="The contract of its price is over, and its plan has no public price.")
    NOTHING_DUE = _value("NOTHING_DUE", description="Nothing is due on the invoice.")
    EXCEEDS_AUTHORIZED = _value("EXCEEDS_AUTHORIZED", description="More than what is still held.")
    AUTHORIZATION_EXPIRED = _value("AUTHORIZATION_EXPIRED", description="What was held ran out; pay anew.")
    METHOD_NEEDED = _value("METHOD_NEEDED", description="The last method stays while something is owed.")
    BLOCKED_BY_DEBT = _value("BLOCKED_BY_DEBT", description="Overdue debt has to be paid before.")
    TRIES_USED_UP = _value("TRIES_USED_UP", description="It was tried too often; another payment method is charged.")
    EXCEEDS_CAPTURED = _value("EXCEEDS_CAPTURED", description="More than what was captured and not yet given back.")
    COUPON_OVER = _value("COUPON_OVER", description="The coupon has ended or expired.")
    COUPON_USED_UP = _value("COUPON_USED_UP", description="The coupon was redeemed as often as it may be.")
    EXCEEDS_INVOICED = _value("EXCEEDS_INVOICED", description="More than what is left of the invoice's lines.")
    INSUFFICIENT_BALANCE = _value("INSUFFICIENT_BALANCE", description="There is not enough credit for it.")
    PERIOD_CLOSED = _value("PERIOD_CLOSED", description="The books of that month are closed.")
    CLOCK_NOT_FORWARD = _value("CLOCK_NOT_FORWARD", description="A test clock only moves forward.")
    NO_TEST_CLOCK = _value("NO_TEST_CLOCK", description="This customer lives in real time.")
    ERASURE_STOPPED = _value("ERASURE_STOPPED", description="Something has to be settled, ended or lifted first.")
    UNAVAILABLE = _value("UNAVAILABLE", description="A server or the provider did not answer: send it again.")

    @classmethod
    def of(cls, code: RefusalCode) -> "ErrorCode":
        """The domain's code."""
        return cls[code.name]
