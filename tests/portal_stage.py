"""The portal's own rules and links on the stages of tests of the door: good and bad input."""

from typing import Any

from tests.api_callers import Guest

ADMINS = ("setPortalFeatures",)
SUPPORTS = ("createPortalLink",)
UNKNOWN = "invoice_" + "0" * 32
# For each of these mutations another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "setPortalFeatures": {"switchedOff": ["PAUSE"]},
    "createPortalLink": {"expiresInMinutes": 5},
}
# What is wrong in the input, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("setPortalFeatures", {"switchedOff": ["PAUSE", "PAUSE"]}, "INVALID_INPUT", ["switchedOff"]),
    ("createPortalLink", {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]),
    *(("createPortalLink", {"expiresInMinutes": time}, "INVALID_INPUT", ["expiresInMinutes"])
      for time in (-1, 0, 10_081, 2**31 - 1)),
    *(("createPortalLink", {"invoiceId": id}, "NOT_FOUND", ["invoiceId"]) for id in ("nonsense", UNKNOWN)),
    ("createPortalLink", {"invoiceId": None}, "INVALID_INPUT", ["invoiceId"]),
    ("createPortalLink", {"purpose": "UPDATE_CARD"}, "INVALID_INPUT", ["invoiceId"]),
    ("createPortalLink", {"purpose": "CANCEL", "invoiceId": None}, "INVALID_INPUT", ["subscriptionId"]),
]  # fmt: skip


def portal_input(guest: Guest, invoice: str) -> dict[str, dict[str, Any]]:
    """For each mutation about the portal an input that would be performed; the tenant is everybody's."""
    return {
        "setPortalFeatures": {"switchedOff": []},
        "createPortalLink": {"customerId": guest.id, "purpose": "PAY_INVOICE", "invoiceId": invoice},
    }
