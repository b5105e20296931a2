"""What fails five times: buried with its cause, in nobody's way, and done once its cause is healed."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from domain.dead_letter import DeadLetter, open_letters
from domain.perform import perform
from domain.reactions.house import TRIES, House
from domain.reactions.replay import replay_letter
from domain.reactions.work import do_now
from domain.refusals import Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import subscriptions
from tests.lives import wrong_rows
from tests.mishaps import later, with_a_mistake
from tests.webhook_desk import Desk, key_of, made_up
from tests.world import ACCOUNT, Someone, World, fresh


async def bought(world: World) -> Someone:
    """A customer that started a subscription; nothing that follows from it was done yet."""
    ada = await world.customer()
    await world.card(ada)
    command = StartSubscription(world.prices["starter"], 1)
    await perform(world.house.db, start_subscription, ada.actor, ada.id, command, fresh("key"))
    return ada


async def letters_of(world: World, of: Someone) -> list[DeadLetter]:
    found = await open_letters(world.house.db.primary, of.id.shard, 1000)
    return [letter for letter in found if letter.customer == of.id]


async def fail_often(house: House, of: Someone) -> None:
    """Everything of the customer is tried until it is given up."""
    for hours in range(2 * TRIES):
        await do_now(later(house, timedelta(hours=hours)), of.id)


async def quittance(*arguments: str) -> Result:
    """The command line tool, in a thread as it brings a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["dead-letters", *arguments])


@pytest.mark.row("L5")
async def test_given_up_work_names_its_cause_and_is_done_once_it_is_healed(world: World, desk: Desk) -> None:
    ada = await bought(world)
    await fail_often(with_a_mistake(world.house), ada)
    letters = {letter.source: letter for letter in await letters_of(world, ada)}
    assert {name: (letter.kind, letter.cause, letter.attempts) for name, letter in letters.items()} == {
        "outbox": ("payment.begun", "KeyError", TRIES),
        "due": ("send_payment", "KeyError", TRIES),
    }
    assert letters["due"].error_id != letters["outbox"].error_id
    neighbour = await bought(world)
    await do_now(world.house, neighbour.id)
    assert (await subscriptions(world.house.db.primary, neighbour.id))[0].state.name == "active"
    for letter in letters.values():
        assert await replay_letter(world.house, letter)
    assert (await subscriptions(world.house.db.primary, ada.id))[0].state.name == "active"
    assert [payment["captured_minor"] for payment in (await desk.books(ada))["payments"]] == [1000]
    assert await letters_of(world, ada) == []
    assert await wrong_rows(world, ada) == []


async def test_a_process_without_the_secret_of_an_account_gives_nothing_up_and_says_so_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ada = await bought(world)
    with caplog.at_level(logging.ERROR, "quittance"):
        await fail_often(replace(world.house, gateways={}, missed=set()), ada)
    (told,) = [each for each in caplog.records if each.levelno >= logging.ERROR]  # an API beside it tells more
    assert (told.levelname, ACCOUNT in told.getMessage()) == ("CRITICAL", True)
    assert await letters_of(world, ada) == []
    await do_now(later(world.house, timedelta(days=1)), ada.id)
    assert (await subscriptions(world.house.db.primary, ada.id))[0].state.name == "active"


@pytest.mark.row("L5")
async def test_poison_is_buried_and_what_comes_after_it_goes_on(world: World, owner_url: str) -> None:
    ada = await bought(world)
    await poison(owner_url, ada)
    for hours in range(TRIES):
        await do_now(later(world.house, timedelta(hours=hours)), ada.id)
    (letter,) = await letters_of(world, ada)
    assert (letter.source, letter.kind, letter.attempts) == ("outbox", "payment.failed", TRIES)
    assert letter.cause.startswith("Refused: NOT_FOUND")
    assert (await subscriptions(world.house.db.primary, ada.id))[0].state.name == "active"
    with pytest.raises(Refused, match="NOT_FOUND"):
        await replay_letter(world.house, letter)
    assert await letters_of(world, ada) == [letter]


async def test_work_that_fails_again_after_its_replay_is_tried_again_by_itself(world: World) -> None:
    ada = await bought(world)
    await fail_often(with_a_mistake(world.house), ada)
    (letter,) = [each for each in await letters_of(world, ada) if each.source == "due"]
    assert not await replay_letter(with_a_mistake(world.house), letter)
    assert letter not in await letters_of(world, ada)
    await do_now(later(world.house, timedelta(minutes=1)), ada.id)
    assert (await subscriptions(world.house.db.primary, ada.id))[0].state.name == "active"


@pytest.mark.row("L5")
async def test_an_operator_finds_a_letter_reads_it_and_has_it_done(world: World) -> None:
    ada = await bought(world)
    await fail_often(with_a_mistake(world.house), ada)
    letters = await letters_of(world, ada)
    listed = await quittance("list")
    for letter in letters:
        assert str(letter.id) in listed.output
        assert letter.error_id in listed.output
        shown = await quittance("show", str(letter.id))
        assert letter.cause in shown.output
        assert str(ada.id) in shown.output
        done = await quittance("replay", str(letter.id))
        assert (done.exit_code, done.output) == (0, "Done.\n")
        again = await quittance("replay", str(letter.id))
        assert (again.exit_code, again.output) == (1, "Not done: It was replayed already.\n")
    assert (await subscriptions(world.house.db.primary, ada.id))[0].state.name == "active"


async def forget_what_waits(owner_url: str) -> None:
    """Only so many are listed, the oldest first, and other tests leave some."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute("DELETE FROM inbox_event WHERE state IN ('received', 'waiting')")
    await owner.close()


@pytest.mark.row("L5")
async def test_an_operator_sees_which_provider_events_wait_and_why(world: World, desk: Desk, owner_url: str) -> None:
    await forget_what_waits(owner_url)
    early, stranded, fresh_one = made_up(sequence=2), made_up(), made_up()
    assert await desk.take(early) == "waiting"
    assert await desk.take(stranded, replace(world.house, gateways={}, missed=set())) == "received"
    await desk.deliver(fresh_one)
    listed = (await quittance("waiting")).output.splitlines()
    for event, why in (
        (early, "an event before it is missing"),
        (stranded, "Refused: UNAVAILABLE"),
        (fresh_one, "no worker has looked at it yet"),
    ):
        (line,) = [each for each in listed if key_of(event) in each]
        assert why in line
    assert await desk.take(early, later(world.house, timedelta(minutes=1))) == "dead"
    assert key_of(early) not in (await quittance("waiting")).output


@pytest.mark.usefixtures("world")
async def test_an_operator_sees_dead_provider_events_and_what_still_ails_them(desk: Desk) -> None:
    event = made_up()
    assert await desk.take(event) == "dead"
    assert key_of(event) in (await quittance("list")).output
    shown = await quittance("show", key_of(event))
    assert "no payment has this reference and customer" in shown.output
    replayed = await quittance("replay", key_of(event))
    assert (replayed.exit_code, replayed.output.split(":")[0]) == (1, "Not done yet")


@pytest.mark.parametrize("id", ["nonsense", "letter_nonsense", "sandbox/main:event_nonsense", ""])
@pytest.mark.parametrize("command", ["show", "replay"])
@pytest.mark.usefixtures("world")
async def test_an_id_of_nothing_is_refused_in_one_sentence(command: str, id: str) -> None:
    told = await quittance(command, id)
    assert (told.exit_code, told.output) == (1, "Not done: There is no such letter.\n")


async def poison(owner_url: str, ada: Someone) -> None:
    """Makes the customer's first event one that no consumer can perform."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute(
        """UPDATE outbox_event SET kind = 'payment.failed', body = '{"invoice": "invoice_nonsense"}'
            WHERE shard_key = $1 AND customer_id = $2
              AND number = (SELECT min(number) FROM outbox_event WHERE shard_key = $1 AND customer_id = $2)""",
        ada.id.shard,
        ada.id.uuid,
    )
    await owner.close()
