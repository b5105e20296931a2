"""Why the provider does not do what is asked; a refusal always means that nothing was done."""

from enum import StrEnum


class Why(StrEnum):
    """Codes as clients see them."""

    INVALID_REQUEST = "invalid_request"
    NOT_FOUND = "not_found"
    UNKNOWN_TOKEN = "unknown_token"
    METHOD_NOT_ACCEPTED = "method_not_accepted"
    METHOD_DETACHED = "method_detached"
    RETURN_URL = "return_url"
    NOT_CAPTURABLE = "not_capturable"
    NOT_VOIDABLE = "not_voidable"
    NOT_RETURNABLE = "not_returnable"
    NOT_REFUNDABLE = "not_refundable"
    EXCEEDS_AUTHORIZED = "exceeds_authorized"
    EXCEEDS_CAPTURED = "exceeds_captured"
    CURRENCY_MISMATCH = "currency_mismatch"
    NOT_WAITING = "not_waiting"
    NOTHING_TO_PAY_OUT = "nothing_to_pay_out"
    KEY_REUSED = "key_reused"
    KEY_IN_PROGRESS = "key_in_progress"


class Refusal(Exception):
    """A refused request, rolled back whole."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why
        self.message = message
