"""Storing methods at Stripe, each with a customer there that names ours.

All customers of all tenants share one account there, and whoever knows the id of a method can bring it: so a method
that is stored already is taken for somebody's only where its customer there says so.
"""

import hashlib
from typing import Any, Final

from domain.payments.gateway import MethodAnswer, MethodRefused, Unavailable, Unknown
from domain.payments.gateways.stripe_http import Heard, KeyTaken, Turned, ask
from domain.payments.gateways.stripe_read import read_method
from domain.payments.gateways.stripe_wire import WireCustomer, WireMethod

_OWNER: Final = "customer"  # the name of our customer's id in the metadata of Stripe's


async def add_method(client: Any, token: str, owner: str) -> MethodAnswer:
    """As the port says; a method that is to be charged again has to belong to a customer there, so it gets one."""
    made = await _customer_for(client, token, owner)
    if not isinstance(made, WireCustomer):
        return made
    attached = await ask(client.payment_methods.attach_async(token, {"customer": made.id}))
    if isinstance(attached, Turned | KeyTaken):
        code = attached.code if isinstance(attached, Turned) else ""
        return await _stored_before(client, token, owner, made, MethodRefused(code))
    method = attached.read(WireMethod) if isinstance(attached, Heard) else attached
    return read_method(method) if isinstance(method, WireMethod) else method


async def _customer_for(client: Any, token: str, owner: str) -> WireCustomer | Unknown | Unavailable:
    """The same one for as long as Stripe remembers, so that a repeated call leaves no empty ones behind.

    The key holds the token as well: Stripe repeats a failure under its key, and a new form shall not meet it again.
    """
    key = hashlib.sha256(f"customer|{owner}|{token}".encode()).hexdigest()
    answer = await ask(client.customers.create_async({"metadata": {_OWNER: owner}}, {"idempotency_key": key}))
    if isinstance(answer, Turned | KeyTaken):
        return Unknown("no customer was made")
    return answer.read(WireCustomer) if isinstance(answer, Heard) else answer


async def _stored_before(
    client: Any, token: str, owner: str, made: WireCustomer, refused: MethodRefused
) -> MethodAnswer:  # fmt: skip
    """What could not be attached: the owner's own already, or refused; the customer that was made in vain goes."""
    answer = await ask(client.payment_methods.retrieve_async(token))
    known = answer.read(WireMethod) if isinstance(answer, Heard) else answer
    if isinstance(known, Unknown | Unavailable):
        return known
    found = known if isinstance(known, WireMethod) else None
    if found and found.customer == made.id:  # by a request of ours whose answer was lost: to forget it would detach it
        return read_method(found)
    await ask(client.customers.delete_async(made.id))
    if found is None or found.customer is None:
        return refused
    whose = await ask(client.customers.retrieve_async(found.customer))
    holder = whose.read(WireCustomer) if isinstance(whose, Heard) else whose
    if isinstance(holder, Unknown | Unavailable):
        return holder
    is_theirs = isinstance(holder, WireCustomer) and holder.metadata.get(_OWNER) == owner
    return read_method(found) if is_theirs else refused
