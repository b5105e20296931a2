"""What the provider's process takes from its environment."""

from base64 import b64decode
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings

STATE_FILE = "provider.sqlite3"


class ProviderSettings(BaseSettings):
    """PROVIDER_URL, PROVIDER_SECRET, WEBHOOK_SECRET, and WEBHOOK_URL or PUBLIC_URL; PROVIDER_STATE keeps the books."""

    provider_url: str
    provider_secret: SecretStr
    webhook_secret: SecretStr
    webhook_url: str | None = None
    public_url: str | None = None
    provider_state: Path | None = None

    @field_validator("provider_url")
    @classmethod
    def _with_a_port(cls, url: str) -> str:
        if urlsplit(url).scheme != "http" or not urlsplit(url).port:
            raise ValueError("must be http://host:port")
        return url.rstrip("/")

    @field_validator("webhook_secret")
    @classmethod
    def _can_sign(cls, secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        try:
            key = b64decode(text.removeprefix("whsec_"), validate=True)
        except ValueError:
            key = b""
        if not text.startswith("whsec_") or not key:
            raise ValueError("must be whsec_ and a key in base 64")
        return secret

    @property
    def host(self) -> str:
        return urlsplit(self.provider_url).hostname or "127.0.0.1"

    @property
    def port(self) -> int:
        return urlsplit(self.provider_url).port or 0

    def receiver(self, provider: str) -> str | None:
        """Where a kind of provider's webhooks go by default; None keeps them in the list of events only."""
        given = self.webhook_url if provider == "sandbox" else None
        return given or (f"{self.public_url.rstrip('/')}/webhooks/{provider}/main" if self.public_url else None)

    @property
    def state_file(self) -> str:
        """The database's path; in memory when no state directory is given."""
        return str(self.provider_state / STATE_FILE) if self.provider_state else ":memory:"
