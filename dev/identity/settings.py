"""What the identity provider's process takes from its environment."""

import ipaddress
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import field_validator
from pydantic_settings import BaseSettings


class IdentitySettings(BaseSettings):
    """OIDC_ISSUER and ENVIRONMENT=dev; IDENTITY_STATE keeps the keys, without it they last as long as the process."""

    oidc_issuer: str
    environment: Literal["dev"]
    identity_state: Path | None = None

    @field_validator("oidc_issuer")
    @classmethod
    def _on_loopback(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.port or parts.path.strip("/") or parts.query or parts.username:
            raise ValueError("must be http://host:port")
        if not is_loopback(parts.hostname or ""):
            raise ValueError("must be a loopback address, since anybody may sign in here as anybody")
        return url.rstrip("/")

    @property
    def host(self) -> str:
        return urlsplit(self.oidc_issuer).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.oidc_issuer).port or 0


def is_loopback(host: str) -> bool:
    """Whether only this machine can be meant (RFC 6761 section 6.3 for the name); brackets are left off."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
