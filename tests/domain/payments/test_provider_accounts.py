"""Which provider accounts a process opens, as its environment says."""

import pytest
from pydantic import ValidationError

from runtime.house import gateways, provider_account
from runtime.settings import Settings


@pytest.mark.row("B4")
async def test_the_environment_says_which_accounts_there_are_and_which_is_the_default(
    process_settings: Settings,
) -> None:
    both = settings_with(process_settings, PROVIDER="stripe", STRIPE_SECRET="sk_1", STRIPE_WEBHOOK_SECRET="whsec_1,w2")
    opened = gateways(both)
    assert sorted(opened) == ["sandbox/main", "stripe/main"] and provider_account(both) == "stripe/main"
    assert both.webhook_secrets("stripe") == ("whsec_1", "w2") and "sk_1" not in repr(both)
    alone = gateways(settings_with(both, PROVIDER_SECRET="", WEBHOOK_SECRET=""))
    assert list(alone) == ["stripe/main"]
    for gateway in (*opened.values(), *alone.values()):
        await gateway.close()
    for lacking in ("STRIPE_SECRET", "STRIPE_WEBHOOK_SECRET"):
        with pytest.raises(ValidationError, match=lacking.lower()):
            settings_with(both, **{lacking: ""})


def settings_with(base: Settings, **changed: str) -> Settings:
    """The settings of an environment that differs in these variables."""
    held = {name: getattr(base, name) for name in Settings.model_fields}
    return Settings(**{**held, **{name.lower(): value for name, value in changed.items()}})
