"""Why somebody was not signed in."""


class SignInFailed(Exception):
    """A sentence for the person, and the status of its page."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.sentence, self.status = sentence, status


class GrantRefused(SignInFailed):
    """The identity provider gave no tokens for what it was shown: a code or token that is over, or was never good."""
