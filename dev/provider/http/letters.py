"""Webhooks as they travel: in the shape, and signed by the scheme, of the API that the payment method came in by."""

from collections.abc import Callable

from standardwebhooks import Webhook

from dev.provider import records
from dev.provider.delivery import Letter
from dev.provider.events import Event
from dev.provider.http.views import event_body
from dev.provider.records import Method, Payout
from dev.provider.settings import ProviderSettings
from dev.provider.store import Store, moment
from dev.provider.stripe.webhooks import stripe_letter


def writer(settings: ProviderSettings, store: Store) -> Callable[[Event], Letter]:
    """What writes the letters of a provider."""
    secret = settings.webhook_secret.get_secret_value()
    signer = Webhook(secret)

    def write(event: Event) -> Letter:
        method = None if isinstance(event.subject, Payout) else records.find(store.db, Method, event.subject.method)
        if method and method.api == "stripe":
            return stripe_letter(store.db, event, secret, settings)
        body, now = event_body(event, settings.provider_url), moment()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(event.id, now, body.decode()),
        }
        return Letter(settings.receiver("sandbox"), body, headers)

    return write
