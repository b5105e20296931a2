"""One conversation with a mail server, and what its answers mean."""

import re
from contextlib import suppress
from ssl import SSLContext
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from domain.notices.post import Letter, NotNow, PostAnswer, Rejected, Taken
from domain.notices.way import Way

STEP_SECONDS: Final = 10  # of one command: servers that check what they get take some seconds over it
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")  # RFC 3463
_PERMANENT: Final = 500  # from here on an answer is final (RFC 5321, 4.2.1)


async def converse(way: Way, tls: SSLContext | None, letter: Letter) -> PostAnswer:
    """Taken once the server has answered for the whole message, whatever becomes of the connection then."""
    client = SMTP(
        hostname=way.host, port=way.port, username=way.user, password=way.password, timeout=STEP_SECONDS,
        use_tls=way.scheme == "smtps", start_tls=way.scheme == "smtp+starttls", tls_context=tls,
    )  # fmt: skip
    try:
        return await _connected(client) or await _handed_over(client, letter)
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


async def _handed_over(client: SMTP, letter: Letter) -> PostAnswer:
    options = [] if letter.recipient.is_ascii else ["SMTPUTF8", "BODY=8BITMIME"]
    try:
        await client.sendmail(letter.sender, [str(letter.recipient)], letter.message, mail_options=options)
    except SMTPNotSupported:
        return Rejected("smtputf8")
    except SMTPRecipientsRefused as refused:
        return _judged(refused.recipients[0])
    except SMTPResponseException as refused:
        return _judged(refused)
    except (SMTPException, OSError) as error:
        return NotNow("timeout" if isinstance(error, TimeoutError) else "connection")
    with suppress(SMTPException, OSError):  # it has the letter
        await client.quit()
    return Taken()


def _judged(answer: SMTPResponseException) -> PostAnswer:
    code = _code(answer) or "connection"
    return Rejected(code) if answer.code >= _PERMANENT else NotNow(code)


def _code(error: Exception) -> str | None:
    """The numbers of the server's answer; its words may name people."""
    if not isinstance(error, SMTPResponseException) or error.code <= 0:
        return None
    enhanced = _ENHANCED.match(str(error.message))
    return f"{error.code} {enhanced[0]}" if enhanced else str(error.code)
