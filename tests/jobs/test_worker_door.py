"""What monitoring sees of a worker, which has a small door of its own."""

from pathlib import Path

import httpx2
import pytest

from tests.jobs_kit import Ground, WorkerProcess, comes_true, ready, start_worker
from tests.ports import free_port
from tests.scraping import scrape


@pytest.mark.row("M3")
async def test_a_worker_tells_what_it_did_what_waits_and_how_the_provider_answered(
    empty_ground: Ground, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    ada, _ = await empty_ground.bought()
    port = free_port()
    url, log = f"http://127.0.0.1:{port}", tmp_path / "log"
    workers.append(await ready(await start_worker(empty_ground, log, METRICS_PORT=str(port), METRICS_SECONDS="0")))

    async def is_active() -> bool:
        return await empty_ground.state_of(ada) == "active"

    async with httpx2.AsyncClient(trust_env=False) as http:

        async def is_idle() -> bool:
            page = await scrape(http, url)
            return page.value("outbox_events") == page.value("due_work") == 0

        await comes_true(is_active, "a subscription that is paid")
        await comes_true(is_idle, "a worker that has nothing to do")
        page = await scrape(http, url)
        assert (await http.get(f"{url}/healthz")).json() == {"status": "alive"}
        assert (await http.get(f"{url}/readyz")).json()["primary"] == "up"
    assert page.value("outbox_age_seconds") == page.value("inbox_events") == 0
    assert page.value('moves_total{machine="payment",to="captured"}') == 1
    assert page.value('provider_seconds_count{account="sandbox/main",answer="captured",call="charge"}') >= 1
    assert page.value('job_seconds_count{job="drain_events",outcome="done"}') >= 1
    assert page.value("queue_jobs") >= 0
    for line in ("late_events_total", "event_look_age_seconds"):  # there before anything happens: alerts watch them
        assert f'quittance_{line}{{account="sandbox/main"}}' in page.text
    # A second one with the same port works on without a door.
    workers.append(await ready(await start_worker(empty_ground, tmp_path / "other", METRICS_PORT=str(port))))
    assert "METRICS_PORT is not free" in (tmp_path / "other").read_text()
    assert ada.id.uuid.hex not in page.text and str(ada.id) not in page.text
