"""Each gateway keeps the contract of all gateways, over HTTP against a running provider."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest

from dev.provider.stripe.names import inward, outward
from domain.money import Money
from domain.payments.gateway import Gateway
from domain.payments.gateways.sandbox import SandboxGateway
from tests.payments_contract import GatewayContract
from tests.payments_stories import Story
from tests.provider_here import in_the_books, stripe_at
from tests.provider_process import (
    Bench,
    ProviderProcess,
    Receiver,
    bench_at,
    receiver,
    shared_or_own_provider,
)

TOKENS = {
    Story.SUCCEEDS: "tok_visa",
    Story.SOFT_DECLINE: "tok_insufficient_funds",
    Story.HARD_DECLINE: "tok_stolen_card",
    Story.DECLINES_AFTER_ONE: "tok_insufficient_funds_after_1",
    Story.AUTHENTICATES: "tok_3ds",
    Story.BANK: "tok_bank_held",
    Story.NEVER_ANSWERS_NOR_ACTS: "tok_timeout_before",
    Story.ACTS_BUT_NEVER_ANSWERS: "tok_timeout_after",
    Story.ACTS_WHEN_WE_ARE_GONE: "tok_timeout_late",
    Story.ACTS_AND_HANGS_UP: "tok_hangup_after",
    Story.ACTS_AND_FAILS: "tok_error_after",
    Story.ACTS_AND_BABBLES: "tok_garbage_after",
    Story.ACTS_AND_DRIPS: "tok_drip_after",
    Story.IS_DOWN: "tok_unavailable",
    Story.LIMITS_RATE: "tok_rate_limited",
    Story.ECHOES_WRONG_AMOUNT: "tok_wrong_amount",
    Story.ECHOES_WRONG_CURRENCY: "tok_wrong_currency",
    Story.TAKES_LESS: "tok_partial",
    Story.HOLDS_LESS: "tok_partial",
    Story.HOLD_RUNS_OUT: "tok_visa",
    Story.CAPTURE_ACTS_BUT_NEVER_ANSWERS: "tok_capture_timeout_after",
    Story.CAPTURE_NEVER_ANSWERS_NOR_ACTS: "tok_capture_timeout_before",
    Story.BANK_RETURNS: "tok_bank_returnable",
    Story.REFUND_FAILS_LATER: "tok_refund_fails_later",
    Story.REFUND_ACTS_BUT_NEVER_ANSWERS: "tok_refund_timeout_after",
    Story.NOT_ACCEPTED: "tok_not_accepted",
}
SHORT = timedelta(seconds=2)  # in which even a busy machine has a request received
SHORTER = timedelta(seconds=0.5)  # the same where the provider is in this process


@dataclass
class SandboxCase:
    bench: Bench
    receiver: Receiver
    gateway: Gateway
    impatient: Gateway

    @property
    def secrets(self) -> Sequence[str]:
        return [self.bench.provider.webhook_secret]

    @property
    def numbered(self) -> bool:
        return True

    def token(self, story: Story) -> str:
        return f"{TOKENS[story]}#{uuid4().hex}"

    async def visit(self, url: str, *, complete: bool) -> None:
        page = await self.bench.http.get(url, params={"outcome": "complete" if complete else "fail"})
        assert page.is_success

    async def settle(self, provider_ref: str, failure: str | None) -> None:
        await self.bench.post(f"/admin/settle/{provider_ref}", {"outcome": failure or "succeeded"})

    async def dispute(self, charge_ref: str, money: Money) -> str:
        opened = await self.bench.post("/admin/disputes", {"payment": charge_ref, "amount_minor": money.minor})
        return str(opened["id"])

    async def decide(self, dispute_ref: str, outcome: str) -> None:
        await self.bench.post(f"/admin/disputes/{dispute_ref}/close", {"outcome": outcome})

    async def act_late(self, key: str) -> None:
        await self.bench.post("/admin/release", {"key": key})

    async def webhooks(self, provider_ref: str, count: int) -> list[tuple[bytes, Mapping[str, str]]]:
        listed = await self.bench.get("/v1/events", object=provider_ref)
        events = [event["id"] for event in listed["events"][:count]]
        await self.bench.post("/admin/webhooks/deliver", {"events": events, "url": self.receiver.url})
        received = [await self.receiver.next() for _ in events]
        return [(delivery.raw, delivery.headers) for delivery in received]


class StripeCase(SandboxCase):
    """The same stories and books, through the endpoints in Stripe's shape."""

    @property
    def numbered(self) -> bool:
        return False

    def token(self, story: Story) -> str:
        return super().token(story).replace("tok_", "pm_", 1)

    async def settle(self, provider_ref: str, failure: str | None) -> None:
        await super().settle(in_the_books(provider_ref), failure)

    async def dispute(self, charge_ref: str, money: Money) -> str:
        return outward(await super().dispute(in_the_books(charge_ref), money))

    async def decide(self, dispute_ref: str, outcome: str) -> None:
        await super().decide(inward(dispute_ref), outcome)

    async def webhooks(self, provider_ref: str, count: int) -> list[tuple[bytes, Mapping[str, str]]]:
        return await super().webhooks(in_the_books(provider_ref), count)


@pytest.fixture(scope="session")
def provider() -> Iterator[ProviderProcess]:
    running = shared_or_own_provider()
    yield running
    running.kill()


@pytest.fixture(scope="session")
async def gateways(provider: ProviderProcess) -> AsyncIterator[tuple[Gateway, Gateway]]:
    """A patient and an impatient one."""
    patient = SandboxGateway("main", provider.url, provider.secret)
    impatient = SandboxGateway("main", provider.url, provider.secret, request_limit=SHORT)
    yield patient, impatient
    await patient.close()
    await impatient.close()


class TestSandboxGateway(GatewayContract):
    @pytest.fixture
    async def case(self, provider: ProviderProcess, gateways: tuple[Gateway, Gateway]) -> AsyncIterator[SandboxCase]:
        async with bench_at(provider) as bench, receiver() as endpoint:
            yield SandboxCase(bench, endpoint, *gateways)


@pytest.fixture(scope="session")
async def stripe_gateways(provider_here: ProviderProcess) -> AsyncIterator[tuple[Gateway, Gateway]]:
    """A patient and an impatient one."""
    patient, impatient = stripe_at(provider_here), stripe_at(provider_here, request_limit=SHORTER)
    yield patient, impatient
    await patient.close()
    await impatient.close()


class TestStripeGateway(GatewayContract):
    @pytest.fixture
    async def case(
        self, provider_here: ProviderProcess, stripe_gateways: tuple[Gateway, Gateway]
    ) -> AsyncIterator[StripeCase]:
        async with bench_at(provider_here) as bench, receiver() as endpoint:
            yield StripeCase(bench, endpoint, *stripe_gateways)
