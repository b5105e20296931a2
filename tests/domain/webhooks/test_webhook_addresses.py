"""Where events may be sent to: no spelling of an address, and no name, leads to what is beside us."""

import asyncio
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from domain.refusals import RefusalCode, Refused
from domain.webhooks.address import is_public, target
from domain.webhooks.send import Answered, Sender, Unanswered
from tests.webhook_receiver import receiving

SECRETS = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",)
NOW = datetime(2027, 1, 1, tzinfo=UTC)

GOOD = [
    "https://hooks.example.com/quittance",
    "https://hooks.example.com:8443/a/b?c=d&e=%2F",
    "https://HOOKS.Example.COM/",
    "https://xn--bcher-kva.example/hooks",
    "https://8.8.8.8/hooks",
    "https://[2606:4700:4700::1111]:444/hooks",
]
BAD = [
    "", "https://", "hooks.example.com", "//hooks.example.com/", "javascript:alert(1)", "file:///etc/passwd",
    "http://hooks.example.com/", "ftp://hooks.example.com/", "https:/hooks.example.com",
    "https://user@hooks.example.com/", "https://user:secret@hooks.example.com/", "https://hooks.example.com@10.0.0.1/",
    "https://hooks.example.com/#part", "https://hooks.example.com:0/", "https://hooks.example.com:99999/",
    "https://hooks.example.com:port/", "https://hooks.example.com\\@10.0.0.1/", "https://hooks.example.com /",
    "https://hooks.exa mple.com/", "https://hooks.example.com/\r\nHost: other", "https://bücher.example/", "https://a..b/",
    "https://localhost/", "https://LOCALHOST:8000/", "https://db.localhost/", "https://db/", "https://db.internal/",
    "https://printer.local/", "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/",
    "https://0177.0.0.1/", "https://0x7f.1/", "https://0/", "https://0.0.0.0/", "https://10.1.2.3/",
    "https://172.16.0.1/", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/",
    "https://198.18.0.1/", "https://224.0.0.1/", "https://255.255.255.255/", "https://192.0.2.1/", "https://[::1]/",
    "https://[::]/", "https://[fe80::1%25eth0]/", "https://[fc00::1]/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:8.8.8.8]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[::7f00:1]/",
    "https://[2001:0:7f00:1::]/", "https://[ff02::1]/", "https://[2001:db8::1]/", "https://１２７.0.0.1/",
    "https://127.0.0.1.:443/", "https://hooks.example.com/" + "x" * 2048,
]  # fmt: skip


@pytest.mark.parametrize("url", GOOD)
def test_a_public_url_over_https_is_taken(url: str) -> None:
    assert target(url).scheme == "https"


@pytest.mark.parametrize("url", BAD)
def test_any_other_is_refused_when_it_is_given(url: str) -> None:
    with pytest.raises(Refused) as refused:
        target(url)
    assert (refused.value.code, refused.value.path) == (RefusalCode.INVALID_INPUT, ("url",))


def resolving(*answers: Sequence[str]) -> tuple[list[tuple[str, int]], Sender]:
    """A sender whose names have these addresses, one answer a look-up, and what was looked up."""
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        return answers[min(len(asked), len(answers)) - 1]

    return asked, Sender(resolve=resolve)


@pytest.mark.parametrize("addresses", [
    ["127.0.0.1"], ["10.0.0.1"],
    ["fec0::1"], ["192.88.99.1"], ["168.63.129.16"], ["169.254.169.254"], ["::1"], ["::ffff:10.0.0.1"], ["fe80::1%lo"],
    ["8.8.8.8", "192.168.0.1"], ["2606:4700:4700::1111", "64:ff9b::a00:1"],
])  # fmt: skip
async def test_a_name_with_an_address_beside_us_is_not_called_at_all(addresses: list[str]) -> None:
    asked, sender = resolving(addresses)
    answer = await sender.send("https://hooks.example.com/", "delivery", "{}", SECRETS, NOW)
    assert answer == Unanswered("the address is not a public one")
    assert asked == [("hooks.example.com", 443)]


async def test_a_name_is_looked_up_once_and_the_request_goes_to_that_address() -> None:
    """A name that answers first with one address and then with another meets the first alone."""
    async with receiving() as receiver:
        port = int(receiver.url.rpartition(":")[2].partition("/")[0])
        asked: list[str] = []

        async def resolve(host: str, port: int) -> Sequence[str]:
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

        sender = Sender(anywhere=True, resolve=resolve)
        answer = await sender.send(f"http://hooks.example.com:{port}/x", "delivery", "{}", SECRETS, NOW)
    assert answer == Answered(204)
    assert asked == ["hooks.example.com"]
    assert receiver.taken[0].headers["host"] == f"hooks.example.com:{port}"


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with receiving() as receiver:
        receiver.answers = [f"302 Found\r\nLocation: {receiver.url}"]
        assert await Sender(anywhere=True).send(receiver.url, "delivery", "{}", SECRETS, NOW) == Answered(302)
        assert len(receiver.taken) == 1


async def test_what_does_not_answer_is_told_by_the_kind_of_its_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    sender = Sender(anywhere=True)
    assert await sender.send(f"http://127.0.0.1:{port}/", "d", "{}", SECRETS, NOW) == Unanswered(
        "no connection: ConnectError"
    )
    assert await sender.send("http://nowhere.invalid/", "d", "{}", SECRETS, NOW) == Unanswered(
        "the name has no address"
    )


@pytest.mark.parametrize("url", ["http://a..b/", f"http://{'x' * 64}.test/", "ftp://hooks.example.com/"])
async def test_a_url_of_other_rules_is_a_failure_like_any_other(url: str) -> None:
    assert isinstance(await Sender(anywhere=True).send(url, "d", "{}", SECRETS, NOW), Unanswered)


async def test_a_certificate_that_nobody_vouches_for_is_no_connection() -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        answer = await Sender(anywhere=True).send(f"https://127.0.0.1:{port}/", "d", "{}", SECRETS, NOW)
    assert isinstance(answer, Unanswered)


def test_an_address_of_the_internet_is_public() -> None:
    assert is_public(ip_address("8.8.8.8")) and is_public(ip_address("2606:4700:4700::1111"))
