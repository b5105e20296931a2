"""What the tests of the door need of a tenant's own systems."""

from datetime import UTC, datetime
from typing import Any

from domain.actor import Grant
from domain.fanout.webhook_deliveries import deliveries_of
from domain.ids import WebhookDeliveryId, uuid7
from domain.outbox import Event
from domain.perform import perform
from domain.webhooks.publish import publish
from domain.webhooks.register_endpoint import RegisterWebhookEndpoint, register_webhook_endpoint
from tests.api_callers import Api, Caller
from tests.world import Someone, World, fresh

REGISTER = """mutation ($input: RegisterWebhookEndpointInput!) { registerWebhookEndpoint(input: $input) {
    endpoint { id url kinds sandbox active secretVersion previousSecretUntil } secret
    operation { id replayed } errors { ... on UserError { code message path } } } }"""
CHANGE = """mutation ($input: ChangeWebhookEndpointInput!) { changeWebhookEndpoint(input: $input) {
    endpoint { url kinds active } errors { ... on UserError { code path } } } }"""
ROTATE = """mutation ($input: RotateWebhookSecretInput!) { rotateWebhookSecret(input: $input) {
    endpoint { secretVersion previousSecretUntil } secret operation { replayed }
    errors { ... on UserError { code path } } } }"""

SUPPORTS = ("replayWebhooks",)
ADMINS = ("registerWebhookEndpoint", "changeWebhookEndpoint", "rotateWebhookSecret")
# For each mutation another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "registerWebhookEndpoint": {"sandbox": True},
    "changeWebhookEndpoint": {"active": False},
    "rotateWebhookSecret": {"endpointId": "endpoint_" + "0" * 26},
    "replayWebhooks": {"deliveryId": "delivery_" + "0" * 32},
}
KINDS = ["contract.ended"]  # which nothing on the stage brings about


def url() -> str:
    """A public address that no other test registers."""
    return f"https://{fresh('hooks')}.example.com/"


async def registered(api: Api, *, sandbox: bool = False) -> str:
    """The id of an endpoint."""
    admin = await api.staff(Grant.ADMIN)
    done = await admin.do(REGISTER, url=url(), kinds=KINDS, sandbox=sandbox)
    return str(done["endpoint"]["id"])


async def webhook_input(api: Api) -> dict[str, dict[str, Any]]:
    """For each mutation about endpoints an input that would be performed."""
    one = await registered(api)
    return {
        "registerWebhookEndpoint": {"url": url(), "kinds": KINDS},
        "changeWebhookEndpoint": {"endpointId": one, "kinds": ["contract.signed"]},
        "rotateWebhookSecret": {"endpointId": one},
        "replayWebhooks": {"endpointId": one},
    }


async def delivery_of(world: World, of: Someone) -> WebhookDeliveryId:
    """A delivery on its way to an endpoint at which nobody listens."""
    db, nowhere = world.house.db, f"http://127.0.0.1:9/{fresh('hook')}"  # the port of RFC 863
    command = RegisterWebhookEndpoint(("contract.ended",), True, True, nowhere)
    await perform(db, register_webhook_endpoint, world.staff(Grant.ADMIN), world.tenant.live_house, command, nowhere)
    assert await publish(db, Event(of.id, 1_000_000, "contract.ended", {}, 0, True)) > 0
    (sent, *_) = await deliveries_of(db.primary, world.tenant.tenant, None, "waiting", 1)
    return sent.id


async def refusing_webhooks(admin: Caller, beside: int = 0) -> dict[str, str]:
    """Ids of an endpoint whose secret was just rotated and of one that is off, and so many others that are told."""
    first, off = [await admin.do(REGISTER, url=url(), kinds=KINDS) for _ in range(2)]
    ids = {"hook url": first["endpoint"]["url"], "hook": first["endpoint"]["id"], "hook off": off["endpoint"]["id"]}
    await admin.do(ROTATE, endpointId=ids["hook"])
    await admin.do(CHANGE, endpointId=ids["hook off"], active=False)
    for _ in range(beside):
        await admin.do(REGISTER, url=url(), kinds=KINDS)
    return ids


NO_ENDPOINT = "endpoint_" + "0" * 26
NO_DELIVERY = str(WebhookDeliveryId(1, uuid7(datetime(2027, 1, 1, tzinfo=UTC), bytes(10))))
# What is wrong in the input of mutations about endpoints, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    *((name, {"url": text}, "INVALID_INPUT", ["url"])
      for name in ("registerWebhookEndpoint", "changeWebhookEndpoint")
      for text in ("", "hooks", "ftp://hooks.example.com/", "https://u:p@hooks.example.com/", "https://h.test/#x",
                   "https://ü.example/", "https://" + "x" * 2050, "https://h.test:0/")),
    *((name, {"kinds": kinds}, "INVALID_INPUT", ["kinds"])
      for name in ("registerWebhookEndpoint", "changeWebhookEndpoint")
      for kinds in ([], ["invoice.paid", "no.such"], ["*"], ["payment.begun"])),
    *((name, {"endpointId": id}, "NOT_FOUND", ["endpointId"])
      for name in ("changeWebhookEndpoint", "rotateWebhookSecret", "replayWebhooks")
      for id in ("", "nonsense", NO_ENDPOINT, "plan_" + "0" * 26)),
    *(("replayWebhooks", {"deliveryId": id}, "NOT_FOUND", ["deliveryId"]) for id in ("nonsense", NO_DELIVERY)),
]  # fmt: skip
