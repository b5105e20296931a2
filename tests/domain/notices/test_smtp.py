"""The post over SMTP: what it needs before it says anything, and what each answer means."""

import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dev.mailroom.room import Mailroom
from dev.mailroom.server import listen
from domain.due import LEASE
from domain.notices.mailbox import mailbox
from domain.notices.policy import refuse_foreign
from domain.notices.post import Letter, NotNow, Rejected, Taken, Unanswered
from domain.notices.smtp import PLACES, SmtpPost
from domain.notices.way import PATIENCE, Patience, Way
from domain.refusals import Refused
from jobs.retry import WORK_SECONDS
from runtime.house import mail_of
from runtime.settings import Settings
from tests.notice_kit import MoodyClerk
from tests.ports import free_port


def letter(to: str = "ada@example.test") -> Letter:
    """A letter of three lines."""
    recipient = mailbox(to)
    assert recipient is not None
    return Letter("billing@acme.test", recipient, b"Subject: Hello\r\n\r\nHello\r\n")


@asynccontextmanager
async def server(**how: Any) -> AsyncIterator[tuple[int, MoodyClerk]]:
    """A mail server, at which port, and its clerk."""
    port, clerk = free_port(), MoodyClerk(Mailroom())
    listening = await listen(clerk, "127.0.0.1", port, **how)
    try:
        yield port, clerk
    finally:
        listening.close()
        await listening.wait_closed()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, signed by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


def only_the_right_password(_: SMTP, __: object, ___: object, ____: str, given: object) -> AuthResult:
    """Lets one user in."""
    return AuthResult(success=given == LoginPassword(b"mailer@acme", b"p/s:s"), handled=False)


async def test_a_password_goes_over_an_encrypted_connection_alone(certificate: Path) -> None:
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    how = {"tls": ours, "authenticator": only_the_right_password, "auth_required": True, "require_starttls": True}
    async with server(**how) as (port, clerk):
        url = f"smtp+starttls://mailer%40acme:{{}}@localhost:{port}"
        assert await SmtpPost(url.format("p%2Fs%3As"), trusting).deliver(letter()) == Taken()
        assert await SmtpPost(url.format("wrong"), trusting).deliver(letter()) == NotNow("sign_in")
        assert await SmtpPost(url.format("p%2Fs%3As")).deliver(letter()) == NotNow("connect")  # who signed that?
        assert len(clerk.room.newest_first()) == 1
    async with server() as (port, clerk):  # which knows no encryption, so that nothing is said to it
        assert await SmtpPost(f"smtp+starttls://u:p@localhost:{port}").deliver(letter()) == NotNow("connect")
        assert clerk.seen == 0


@pytest.mark.parametrize(
    ("at", "said", "answer"),
    [
        ("recipient", "550 5.1.1 Nobody <ada@example.test>", Rejected("550 5.1.1")),
        ("recipient", "452 Full", NotNow("452")),
        ("data", "554 Spam for Ada", Rejected("554")),
        ("data", "421 4.3.2 Down for a while", NotNow("421 4.3.2")),
        ("taken", "550 After all, no", Rejected("550")),
        # These are about us, and somebody may mend it.
        ("recipient", "554 5.7.1 Relay access denied", NotNow("554 5.7.1")),
        ("recipient", "550 5.7.1 Not for you", NotNow("550 5.7.1")),
        ("recipient", "530 5.7.0 Sign in first", NotNow("530 5.7.0")),
        ("recipient", "550 5.1.8 Your domain is none", NotNow("550 5.1.8")),
        ("recipient", "553 Not that one", NotNow("553")),
        ("recipient", "552 5.2.2 Over quota", Rejected("552 5.2.2")),
        ("sender", "550 5.7.1 You may not be called so", NotNow("550 5.7.1")),
        ("sender", "553 Nor so", NotNow("553")),
        ("data", "535 5.7.8 Sign in again", NotNow("535 5.7.8")),
    ],
)
async def test_an_answer_is_final_where_its_number_says_so(at: str, said: str, answer: object) -> None:
    async with server() as (port, clerk):
        clerk.moods[at] = said
        assert await SmtpPost(f"smtp://127.0.0.1:{port}").deliver(letter()) == answer


async def test_only_silence_about_a_whole_message_leaves_a_doubt() -> None:
    async with server() as (port, clerk):
        url = f"smtp://127.0.0.1:{port}"
        clerk.silent_at = "recipient"
        assert await SmtpPost(url, patience=Patience(agree=timedelta(seconds=0.1))).deliver(letter()) == NotNow(
            "timeout"
        )
        clerk.silent_at = "taken"
        assert await SmtpPost(url, patience=Patience(answer=timedelta(seconds=0.3))).deliver(letter()) == Unanswered()
        clerk.silent_at, clerk.hangs_up = "", True
        assert await SmtpPost(url).deliver(letter()) == Unanswered()


def test_a_conversation_ends_before_its_job_and_a_job_before_its_lease() -> None:
    assert PATIENCE.agree < PATIENCE.answer < PATIENCE.total <= timedelta(seconds=WORK_SECONDS - 4)
    assert timedelta(seconds=WORK_SECONDS) < LEASE


def test_who_finds_no_place_stays_away_the_longer_the_more_do() -> None:
    post, now = SmtpPost("smtp://127.0.0.1:25"), datetime.now(UTC)
    assert [post.enter(now) for _ in range(PLACES)] == [None] * PLACES
    away = [wait.total_seconds() for _ in range(10_000) if (wait := post.enter(now))]
    assert (away, len(away)) == (sorted(away), 10_000)
    assert away[0] > 2 and away[1000] > 100 and away[-1] == 600
    post.leave()
    assert post.enter(now) is None
    soon = post.enter(now + timedelta(hours=1))
    assert soon is not None and soon < timedelta(seconds=3)


async def test_an_address_beyond_ascii_goes_to_a_server_that_knows_such() -> None:
    async with server() as (port, clerk):
        post = SmtpPost(f"smtp://127.0.0.1:{port}")
        assert await post.deliver(letter("jürgen@bücher.example")) == Taken()
        assert clerk.room.newest_first()[0].recipients == ("jürgen@xn--bcher-kva.example",)
    async with server(enable_SMTPUTF8=False) as (port, clerk):
        refused = await SmtpPost(f"smtp://127.0.0.1:{port}").deliver(letter("jürgen@bücher.example"))
        assert refused == Rejected("smtputf8")
        assert clerk.room.newest_first() == []


@pytest.mark.parametrize(
    "url",
    ["", "mail.example.test", "http://mail.example.test", "smtp://", "smtp://u:secret@mail.example.test",
     "smtps://u@mail.example.test", "smtp://mail.example.test/path", "smtp://mail.example.test:99999",
     "smtps://u:secret#rest@host:465", "smtps://u:1#secret@host", "smtps://u:p@[secret", "smtps://u:/secret@host"],
)  # fmt: skip
def test_a_url_that_leads_nowhere_or_tells_a_password_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        Way.parse(url)
    assert "secret" not in str(refused.value)


def settings_with(**changed: str) -> Settings:
    """A process's settings with a mail server."""
    names = ("database_url", "replica_url", "redis_url", "provider_secret", "webhook_secret")
    held: dict[str, Any] = dict.fromkeys(names, "x") | {"sealing_key": b64encode(bytes(32)).decode()}
    return Settings(**{**held, **changed})


def test_a_process_is_told_nothing_of_a_password_and_lets_nobody_write_in_a_strange_name() -> None:
    with pytest.raises(ValueError, match="SMTP_URL is smtp") as refused:
        settings_with(smtp_url="smtps://user:S3cretPart#rest@host:465")
    assert "S3cret" not in str(refused.value)
    with pytest.raises(ValueError, match="MAIL_DOMAINS is"):
        settings_with(mail_domains="acme.test;globex.test")
    mail = mail_of(
        settings_with(smtp_url="smtp://host", mail_from="post@acme.test", mail_domains="globex.test, Bücher.example")
    )
    for allowed in ("", "ada@acme.test", "ada@globex.test", "ada@bücher.example"):
        refuse_foreign(mail, allowed)
    for foreign in ("ceo@bank.example", "ada@mail.acme.test", "ada@notacme.test"):
        with pytest.raises(Refused):
            refuse_foreign(mail, foreign)


def test_the_usual_ports_are_known() -> None:
    ports = [Way.parse(f"{scheme}://mail.example.test").port for scheme in ("smtp", "smtp+starttls", "smtps")]
    assert ports == [25, 587, 465]
