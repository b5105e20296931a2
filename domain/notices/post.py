"""The post: what takes a letter on its way, in our words; how it does so is an adapter's."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from domain.notices.mailbox import Mailbox


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it goes over the wire, and its envelope; its bytes are the same at each try.

    Whether it went is what the server says of the recipient; ``copies``, in ASCII, go where they are taken.
    """

    sender: str
    recipient: Mailbox = field(repr=False)
    message: bytes = field(repr=False)
    copies: tuple[Mailbox, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """The mail server has taken it and answers for it."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """It will never take it; the code is that of its answer, and nothing else of what it said."""

    code: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """It was not taken, and may be later; the code says why not."""

    code: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It was handed over, and nobody knows whether it was taken: a later try may bring it twice."""


PostAnswer = Taken | Rejected | NotNow | Unanswered


class Post(Protocol):
    """Takes letters. No call raises for what a mail server does or fails to do."""

    def enter(self, now: datetime) -> timedelta | None:
        """Takes a place for one letter, which ``leave`` gives back; where none is free, how long to stay away.

        That is longer the more stay away already, so that those who wait are not in the way of other work.
        """

    def leave(self) -> None:
        """Gives a place back."""

    async def deliver(self, letter: Letter) -> PostAnswer:
        """Takes the letter to the mail server, in less time than a job has."""


@dataclass(frozen=True, slots=True)
class Mail:
    """What a process sends notices with: the post, the deployment's own address, and where the portal is.

    ``domains`` are those that legal entities may have addresses of their own in, beside that of ``sender``.
    """

    post: Post
    sender: Mailbox
    portal: str
    domains: frozenset[str] = frozenset()

    def may_come_from(self, sender: Mailbox) -> bool:
        """Whether letters may say that they come from there: a name of somebody else's would be a lie."""
        return sender.domain in self.domains or sender.domain == self.sender.domain
