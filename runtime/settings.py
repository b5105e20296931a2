"""The settings of a process: one frozen object, read from the environment once."""

import base64
from functools import lru_cache
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.notices.mailbox import mailbox
from domain.notices.way import Way


class Settings(BaseSettings):
    """Environment variables by their upper-case names; a missing or malformed one ends the process with its name."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # it would be the whole environment, passwords included
    )

    environment: Literal["dev", "production"] = "production"
    port: int = Field(8000, ge=1, le=65535)
    public_url: str = "http://127.0.0.1:8000"
    database_url: SecretStr
    replica_url: SecretStr
    redis_url: SecretStr
    oidc_issuer: str = "http://127.0.0.1:8002"
    provider: Literal["sandbox", "stripe"] = "sandbox"  # where new payment methods go, if no route says otherwise
    provider_url: str = "http://127.0.0.1:8001"
    provider_secret: SecretStr = Field(SecretStr(""), validate_default=True)  # the sandbox's
    webhook_secret: SecretStr = Field(SecretStr(""), validate_default=True)
    stripe_url: str = "https://api.stripe.com"
    stripe_secret: SecretStr = Field(SecretStr(""), validate_default=True)
    stripe_webhook_secret: SecretStr = Field(SecretStr(""), validate_default=True)
    sealing_key: SecretStr
    # How a member of staff has to have signed in to move money: long enough for a call with a customer, too short for
    # a desk that was left; and the level by the identity provider's own name for two factors.
    step_up_seconds: int = Field(900, ge=60, le=86_400)
    step_up_acr: str = Field("aal2", min_length=1)
    # Where tenants' own systems may listen: on a laptop they are on the same machine and speak http.
    webhook_targets: Literal["public", "anywhere"] = "public"
    smtp_url: SecretStr = SecretStr("")  # nothing: no notice is written or sent
    mail_from: str = Field("", validate_default=True)
    mail_domains: str = ""  # by commas: where legal entities may have senders of their own, beside MAIL_FROM's domain
    portal_url: str = ""
    # What operations were asked and answered is kept so long in the audit trail, then its entries and hashes alone: ten
    # years, as § 147 AO asks of books. Below seven the database refuses, whatever stands here.
    audit_years: int = Field(10, ge=7, le=100)
    database_pool: int = Field(8, ge=1, le=50)
    # Where 95 of 100 GraphQL requests take longer than this, workers rest between batches; 0: they never do. A page
    # asks for two or three answers, and nobody notices a tenth of a second.
    batch_yield_ms: int = Field(25, ge=0, le=60_000)
    otlp_url: str = ""  # where spans go, by OTLP over HTTP, with the extra `tracing`; nothing: none is made
    # Where a worker's own door listens. Port 0: it has none; the API serves its metrics itself.
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(0, ge=0, le=65535)
    metrics_seconds: float = Field(2.0, ge=0, le=60)  # how old counts of what waits may be: below any scrape interval

    @field_validator("sealing_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        if len(base64.b64decode(value.get_secret_value(), validate=True)) != 32:  # AES-256
            raise ValueError("SEALING_KEY is 32 bytes in base64")
        return value

    @field_validator("provider_secret", "webhook_secret", "stripe_secret", "stripe_webhook_secret")
    @classmethod
    def _has_what_it_charges_with(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        of = "stripe" if (info.field_name or "").startswith("stripe") else "sandbox"
        if info.data.get("provider") == of and not value.get_secret_value():
            raise ValueError(f"PROVIDER={of} needs it")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_a_way(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            Way.parse(value.get_secret_value())
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_an_address(cls, value: str, others: ValidationInfo) -> str:
        smtp_url = others.data.get("smtp_url")
        if not value and smtp_url and smtp_url.get_secret_value():
            raise ValueError("SMTP_URL needs MAIL_FROM")
        found = mailbox(value)
        if value and (found is None or not found.is_ascii):
            raise ValueError("MAIL_FROM is one address, without a name")
        return value

    @field_validator("mail_domains")
    @classmethod
    def _are_domains(cls, value: str) -> str:
        if any(mailbox(f"any@{name.strip()}") is None for name in value.split(",") if value):
            raise ValueError("MAIL_DOMAINS is domains, separated by commas")
        return value

    @field_validator("portal_url")
    @classmethod
    def _is_a_page(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("PORTAL_URL begins with https:// or http://")
        return value

    @property
    def house_key(self) -> bytes:
        """The key that wraps every customer's own sealing key."""
        return base64.b64decode(self.sealing_key.get_secret_value())

    @property
    def mail_domain_names(self) -> frozenset[str]:
        """The domains of MAIL_DOMAINS, as the name system has them."""
        found = [mailbox(f"any@{name.strip()}") for name in self.mail_domains.split(",")]
        return frozenset(each.domain for each in found if each)

    def webhook_secrets(self, provider: str) -> tuple[str, ...]:
        """All secrets of a kind of provider that are valid now, by commas in the environment: two while one is rotated.

        None for a kind that is not known, whose webhooks nobody can have signed.
        """
        held = {"sandbox": self.webhook_secret, "stripe": self.stripe_webhook_secret}.get(provider, SecretStr(""))
        return tuple(part for part in held.get_secret_value().split(",") if part)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return Settings()  # type: ignore[call-arg]  # the environment gives them
