"""One conversation with a mail server, and what its answers mean."""

import asyncio
import re
from contextlib import suppress
from datetime import timedelta
from ssl import SSLContext
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from domain.notices.post import Letter, NotNow, PostAnswer, Rejected, Taken, Unanswered
from domain.notices.way import Patience, Way

_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")  # RFC 3463
_PERMANENT: Final = 500  # from here on an answer is final (RFC 5321, 4.2.1)
_SIGN_IN: Final = (530, 535, 538)  # what a server says to who has not signed in as it wants (RFC 4954, 6)
_NO_MAILBOX: Final = 550  # what servers without longer codes say of a mailbox that is none (RFC 5321, 4.2.3)


async def converse(way: Way, tls: SSLContext | None, letter: Letter, patience: Patience) -> PostAnswer:
    """Taken once the server has answered for the whole message, whatever becomes of the connection then."""
    begun = asyncio.get_running_loop().time()
    limits = [asyncio.timeout_at(begun + each.total_seconds()) for each in (patience.agree, patience.answer)]
    client = SMTP(
        hostname=way.host, port=way.port, username=way.user, password=way.password, timeout=None,
        use_tls=way.scheme == "smtps", start_tls=way.scheme == "smtp+starttls", tls_context=tls,
    )  # fmt: skip
    try:
        async with limits[0]:
            refused = await _connected(client) or await _agreed(client, letter)
        return refused or await _handed_over(client, letter, limits[1], patience.bye)
    except TimeoutError:
        return NotNow("timeout")
    finally:
        client.close()


async def _connected(client: SMTP) -> NotNow | None:
    """What fails before a letter is spoken of says nothing about it: somebody has to mend the way there."""
    try:
        await client.connect()
    except SMTPAuthenticationError:
        return NotNow("sign_in")
    except (SMTPException, OSError) as error:
        return NotNow(_code(error) or "connect")
    return None


async def _agreed(client: SMTP, letter: Letter) -> PostAnswer | None:
    """Why the server takes no message of that sender, or for that recipient; None where it does.

    Only what it says of the recipient's mailbox is about the customer; all else is about us, and may be mended.
    """
    encoding, options = "ascii", list[str]()
    try:
        if not letter.recipient.is_ascii:
            await client.ehlo()
            if not client.supports_extension("smtputf8"):
                return Rejected("smtputf8")
            encoding, options = "utf-8", ["SMTPUTF8", "BODY=8BITMIME"]
        await client.mail(letter.sender, options=options, encoding=encoding)
        await client.rcpt(str(letter.recipient), encoding=encoding)
        for each in letter.copies:
            with suppress(SMTPRecipientRefused):  # the letter is not lost for a copy
                await client.rcpt(str(each), encoding=encoding)
    except SMTPRecipientRefused as refused:
        return _of_mailbox(refused)
    except (SMTPException, OSError) as error:
        return NotNow(_code(error) or "connection")
    return None


async def _handed_over(client: SMTP, letter: Letter, limit: asyncio.Timeout, bye: timedelta) -> PostAnswer:
    """From here on no silence says that the server does not have it."""
    try:
        async with limit:
            await client.data(letter.message, timeout=None)
    except SMTPResponseException as refused:
        return _of_message(refused)
    except (SMTPException, OSError):
        return Unanswered()
    with suppress(SMTPException, OSError):  # it has the letter
        await client.quit(timeout=bye.total_seconds())
    return Taken()


def _of_mailbox(answer: SMTPResponseException) -> PostAnswer:
    """Final only for 5.1.x and 5.2.x, about mailboxes, but for 5.1.7 and 5.1.8, about senders (RFC 3463 and 5248)."""
    code = _code(answer) or "connection"
    number, _, enhanced = code.partition(" ")
    is_theirs = enhanced.startswith(("5.1.", "5.2.")) if enhanced else number == str(_NO_MAILBOX)
    is_permanent = answer.code >= _PERMANENT and answer.code not in _SIGN_IN
    return Rejected(code) if is_permanent and is_theirs and enhanced not in ("5.1.7", "5.1.8") else NotNow(code)


def _of_message(answer: SMTPResponseException) -> PostAnswer:
    code = _code(answer)
    if code is None:  # no answer that one could read
        return Unanswered()
    return Rejected(code) if answer.code >= _PERMANENT and answer.code not in _SIGN_IN else NotNow(code)


def _code(error: Exception) -> str | None:
    """The numbers of the server's answer; its words may name people."""
    if not isinstance(error, SMTPResponseException) or error.code <= 0:
        return None
    enhanced = _ENHANCED.match(str(error.message))
    return f"{error.code} {enhanced[0]}" if enhanced else str(error.code)
