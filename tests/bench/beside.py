"""The portal while a worker renews beside it: one run gives what customers get and what the worker does meanwhile."""

import asyncio
import time
from dataclasses import dataclass, field

from tests.bench.ground import Ground
from tests.bench.http_measures import Target
from tests.bench.samples import Counted
from tests.bench.seed import Shop
from tests.bench.serving import serving, the_worker

LOOK_SECONDS = 0.02  # between two looks: less than a batch takes
PATIENCE_SECONDS = 60  # until its first batch, which comes with the first sweep


@dataclass
class Renewing:
    """A target that is measured while a worker as the product starts it renews the shop's subscriptions."""

    target: Target
    on: Ground
    shop: Shop
    _renewed: Counted | None = field(default=None, init=False)

    async def run(self, seconds: float) -> Counted:
        """What the target gives; the worker is at work before it begins and until it ends."""
        await self.on.forget_what_waits()
        idle = await self._count()
        with serving(self.on, the_worker(self.on)):
            before = await self._more_than(idle)
            began = time.perf_counter()
            counted = await self.target.run(seconds)
            done, took = await self._more_than(before) - before, time.perf_counter() - began
        self._renewed = Counted(done, took)
        await self.on.ask("UPDATE due_work SET lease_until = NULL WHERE kind = 'renew' AND lease_until < '2099-01-01'")
        return counted

    async def renewed(self, _: float) -> Counted:
        """What the worker did in the last run."""
        assert self._renewed is not None, "it is told after the run"
        return self._renewed

    async def _more_than(self, known: int) -> int:
        """How many there are, once there are more: the worker begins with its first sweep, and batches take a while."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = await self._count()
                if found > known:
                    return found
                await asyncio.sleep(LOOK_SECONDS)

    async def _count(self) -> int:
        """Renewals so far; each puts the subscription into its next period."""
        found = await self.on.ask(
            "SELECT coalesce(sum(period_index), 0) FROM subscription WHERE shard_key = $1", self.shop.shard
        )
        return int(str(found))
