"""Whatever comes in is answered as agreed: documents of schemathesis over every operation, with real ids, by everybody.

`make fuzz` runs it for MINUTES on a throw-away stack, with an API and a worker as processes; schemathesis has an
environment of its own, since it would change what pytest does in ours.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from api.app import trusted_documents
from api.audience import Audience
from dev.stack.processes import CHECKOUT, is_healthy
from domain.actor import Grant
from domain.reactions.house import House
from domain.reconciliation.verify import verify_shard
from tests.api_callers import Api, until
from tests.bad_input_stage import ADMINS, FINANCES, SUPPORTS, stage_for
from tests.canary_watch import watch_file
from tests.notice_kit import post_office
from tests.ports import free_port

STAGES: Final = 3  # of good input: what one mutation used up is there again
CREW: Final = 30  # callers of each kind: each has its own points, and some are signed out by what is thrown
LASTING: Final = 86_400  # seconds that a token counts: longer than any run
ROLES: Final = {"support": Grant.SUPPORT, "lead": Grant.LEAD, "finance": Grant.FINANCE, "admin": Grant.ADMIN}
# A logged failure that no caller was told of is one all the same.
BROKEN: Final = re.compile(r"Traceback|\"level\": ?\"(error|critical)\"|\[error", re.IGNORECASE)


async def test_whatever_is_thrown_at_it_is_answered_as_agreed(
    api: Api, owner_url: str, house: House, tmp_path: Path
) -> None:
    seconds = float(os.environ.get("MINUTES", "10")) * 60
    plan = await _plan(api, owner_url)  # before a worker runs, which would go on with what is set up
    async with post_office(api.world) as office, _serving(tmp_path, office.port) as url:
        plan |= {"url": url, "seconds": seconds, "seed": int(os.environ.get("FIRST", "1"))}
        (tmp_path / "plan.json").write_text(json.dumps(plan, default=str))
        told = await _thrown(tmp_path / "plan.json")
    (CHECKOUT / "var").mkdir(exist_ok=True)
    (CHECKOUT / "var" / "fuzz.json").write_text(json.dumps(told, indent=1))
    print(json.dumps({name: value for name, value in told.items() if name != "wrong"}, indent=1))
    assert told["wrong"] == []
    assert told["mutations sent"] == told["mutations"], "the time was too short for each: say MINUTES="
    assert _broken(tmp_path) == []
    tenant = api.world.tenant
    for shard in {tenant.live_house.shard, tenant.sandbox_house.shard}:
        assert await verify_shard(house.db.primary, shard) == []


def _broken(folder: Path) -> list[str]:
    """Lines of the processes' logs that tell of a failure."""
    logs = [log.read_text().splitlines() for log in folder.glob("*.log")]
    return [line for lines in logs for line in lines if BROKEN.search(line)]


async def _plan(api: Api, owner_url: str) -> dict[str, Any]:
    """Who throws, and what is good."""
    good: dict[str, list[Any]] = {}
    owners: list[str] = []
    for _ in range(STAGES):
        async with stage_for(api, owner_url) as stage:
            for name, each in stage.good.items():
                good.setdefault(name, []).append(each)
            owners.append(await api.token("portal", stage.guest.who.subject, expires_in=LASTING))
    portal = [await _buyer(api) for _ in range(CREW)]
    callers = {"portal": owners + portal, "partner": [await _partner(api) for _ in range(CREW)]}
    for name, grant in ROLES.items():
        people = [await api.world.colleague(api.issuer, grant) for _ in range(CREW)]
        callers[name] = [await api.token("staff", each, expires_in=LASTING) for each in people]
    roles = dict.fromkeys(good, "portal")
    roles |= dict.fromkeys(SUPPORTS, "support") | dict.fromkeys(ADMINS, "admin") | dict.fromkeys(FINANCES, "finance")
    return {"good": good, "callers": callers, "roles": roles, "partner": await _partners_documents(api), "scalars": []}


async def _partners_documents(api: Api) -> dict[str, dict[str, Any]]:
    """Each registered document of partners with variables that it means."""
    guest, bought = await api.subscriber()
    reference = (await guest.data("{ viewer { customer { reference } } }"))["viewer"]["customer"]["reference"]
    subscription, price = bought["subscription"]["id"], str(api.world.prices["yearly"])
    own = {"customerId": guest.id, "subscriptionId": subscription}
    variables = {"reference": reference, "first": 10, "after": None, "subscription": subscription, "price": price}
    inputs = {
        "start-subscription.1": {"customerId": guest.id, "priceId": price, "quantity": 1},
        "change-plan.1": {**own, "priceId": price, "timing": "PERIOD_END"},
        "cancel-subscription.1": {**own, "timing": "PERIOD_END"},
    }
    taken = {name: variables | {"input": inputs.get(name)} for name in trusted_documents()[Audience.PARTNER]}
    texts = trusted_documents()[Audience.PARTNER]
    return {name: {key: each for key, each in of.items() if f"${key}:" in texts[name]} for name, of in taken.items()}


async def _buyer(api: Api) -> str:
    guest, _ = await api.subscriber()
    return await api.token("portal", guest.who.subject, expires_in=LASTING)


async def _partner(api: Api) -> str:
    return await api.token("partner", await api.world.partner(), scopes=["documents"], expires_in=LASTING)


async def _thrown(plan: Path) -> dict[str, Any]:
    """What the thrower told at its end."""
    thrower = await asyncio.create_subprocess_exec(
        os.environ["FUZZ_PYTHON"], "-m", "tests.fuzz.throwing", str(plan),
        stdout=asyncio.subprocess.PIPE, limit=1 << 26, cwd=plan.parent,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT)},
    )  # fmt: skip
    assert thrower.stdout
    last = "{}"
    async for line in thrower.stdout:
        last = line.decode()
        if not last.startswith("{"):
            print(last, end="", flush=True)
    await thrower.wait()
    told: dict[str, Any] = json.loads(last)
    return told


@asynccontextmanager
async def _serving(folder: Path, mail: int) -> AsyncIterator[str]:
    """An API and a worker as processes, with a mail server on that port; where the API answers."""
    port = free_port()
    own = {
        "PORT": str(port), "STEP_UP_SECONDS": str(LASTING), "PYTHONPATH": str(CHECKOUT),
        "SMTP_URL": f"smtp://127.0.0.1:{mail}", "MAIL_FROM": "billing@quittance.test",
    }  # fmt: skip
    running = []
    try:
        for program in ("api", "jobs"):
            log = folder / f"{program}.log"
            watch_file(log)
            with log.open("ab") as said:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", program, stdout=said, stderr=said, cwd=CHECKOUT, env=os.environ | own
                )
            running.append(process)

        async def answers() -> bool | None:
            return await asyncio.to_thread(is_healthy, port) or None

        await until(answers)
        yield f"http://127.0.0.1:{port}"
    finally:
        for process in running:
            process.terminate()
        await asyncio.gather(*(process.wait() for process in running))
