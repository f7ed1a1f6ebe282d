"""Saving a card for off-session payments. https://docs.stripe.com/payments/save-and-reuse

Stripe uses setup intents for this, which the sandbox doesn't have.
"""

from __future__ import annotations

from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.payments import cards, methods


def save(peer: Stripe, method: JsonObject, customer_id: str, *, is_authenticated: bool = False) -> bool:
    """Save a card for a customer; False when its bank requires 3-D Secure first and it isn't `is_authenticated`.

    Raises StripeError when the card is declined.
    """
    card = methods.card_of(peer, method)
    if card.decline is not None and not card.attaches:
        raise cards.declined(card.decline, payment_method=method)
    if card.authentication is not cards.Authentication.NEVER and not is_authenticated:
        return False
    methods.attach(peer, method, customer_id)
    peer.store.keep(method["id"], is_set_up=True)
    return True
