"""Disputes on the stage of the tests of the door: good input of their mutations, and what is wrong with other input."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from domain.payments.dispute import Dispute
from domain.payments.payment import payment
from tests.api_callers import Api, Guest
from tests.dispute_kit import PDF, disputes, hear_of_all
from tests.lives import start

SUPPORTS = ("submitDisputeEvidence",)
FINANCES = ("acceptDispute",)
ADMINS = ("setDisputePolicy",)
NOBODY = "dispute_" + "0" * 32
FILE = {"kind": "RECEIPT", "mediaType": "application/pdf", "content": PDF}
TEXT = {"kind": "EXPLANATION", "text": "They used it."}
# For each mutation another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "submitDisputeEvidence": {"texts": []},
    "acceptDispute": {"reason": "Another."},
    "setDisputePolicy": {"onLost": "SUSPEND"},
}


@asynccontextmanager
async def side_door() -> AsyncIterator[httpx2.AsyncClient]:
    """The provider, as its testers speak to it."""
    key = {"Authorization": f"Bearer {os.environ['PROVIDER_SECRET']}"}
    async with httpx2.AsyncClient(
        base_url=os.environ["PROVIDER_URL"], headers=key, trust_env=False, verify=False
    ) as http:  # fmt: skip
        yield http


async def in_dispute(api: Api, guest: Guest | None = None, **claim: Any) -> tuple[Guest, Dispute]:
    """A customer with a payment in dispute, found by looking."""
    guest = guest or await api.guest("tok_visa")
    begun = await start(api.world, guest.who)
    assert begun.payment
    paid = await payment(api.world.house.db.primary, guest.who.id, begun.payment)
    async with side_door() as provider:
        answer = await provider.post("/admin/disputes", json={"payment": paid.provider_ref, **claim})
        assert answer.is_success, answer.text
    await hear_of_all(api.world.house)
    return guest, (await disputes(api.world, paid))[-1]


async def decided(api: Api) -> dict[str, str]:
    """Ids of a dispute that was won, and of its customer."""
    guest, open_one = await in_dispute(api)
    async with side_door() as provider:
        answer = await provider.post(f"/admin/disputes/{open_one.provider_ref}/close", json={"outcome": "won"})
        assert answer.is_success
    await hear_of_all(api.world.house)
    return {"disputing customer": guest.id, "decided dispute": str(open_one.id)}


async def dispute_input(api: Api) -> dict[str, dict[str, Any]]:
    """For each mutation about disputes an input that would be performed."""
    (guest, answered), (other, accepted) = await in_dispute(api), await in_dispute(api)
    return {
        "submitDisputeEvidence": {
            "customerId": guest.id, "disputeId": str(answered.id), "texts": [TEXT], "files": [FILE],
        },
        "acceptDispute": {"customerId": other.id, "disputeId": str(accepted.id), "reason": "A reason."},
        "setDisputePolicy": {"onOpened": "KEEP", "onLost": "KEEP"},
    }  # fmt: skip


# What is wrong in the input of mutations about disputes, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    *((name, wrong, "NOT_FOUND", path) for name in (*SUPPORTS, *FINANCES) for wrong, path in (
        ({"disputeId": NOBODY}, ["disputeId"]),
        ({"disputeId": "nonsense"}, ["disputeId"]),
        ({"customerId": "nonsense"}, ["customerId"]))),
    *(("submitDisputeEvidence", wrong, "INVALID_INPUT", path) for wrong, path in (
        ({"texts": [], "files": []}, ["texts"]),
        ({"texts": [TEXT, TEXT]}, ["texts"]),
        ({"texts": [{**TEXT, "text": ""}]}, ["texts", "text"]),
        ({"texts": [{**TEXT, "text": "x" * 5001}]}, ["texts", "text"]),
        ({"files": [FILE] * 11}, ["files"]),
        ({"files": [{**FILE, "mediaType": "text/html"}]}, ["files", "mediaType"]),
        ({"files": [{**FILE, "mediaType": "image/png"}]}, ["files", "content"]),
        ({"files": [{**FILE, "content": "no base 64"}]}, ["files", "content"]),
        ({"files": [{**FILE, "content": "é"}]}, ["files", "content"]))),
    *(("acceptDispute", {"reason": reason}, "INVALID_INPUT", ["reason"]) for reason in (" ", "x" * 501)),
]  # fmt: skip
