"""The states with which people come back from a consent page: single use, ten minutes, this user in this browser."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from channels import actions
from channels.models import ConnectionDraft, InstallAttempt
from tenants.audit import journal
from tenants.scope import tenant_scope
from tenants.wordings import Reason

LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class Browser:
    """Who is asked to consent, and in which browser. Without both, whoever consents uses the state up."""

    user_id: UUID | None = None
    session_key: str = ""


def issue(
    provider: str, tenant_id: UUID, browser: Browser, begun: Reason, *, draft: ConnectionDraft | None = None
) -> str:
    """A new state. begun: for the trail. draft: whose own app asks. Call it outside of any scope."""
    state = f"{tenant_id.hex}.{secrets.token_urlsafe(32)}"
    with tenant_scope(tenant_id):
        InstallAttempt.objects.create(
            provider=provider,
            draft=draft,
            state_digest=digest(state),
            user_id=browser.user_id,
            session_digest=digest(browser.session_key),
            expires_at=timezone.now() + LIFE,
        )
        journal.record(actions.INSTALL_BEGUN, detail=begun)
    return state


def tenant_of(provider: str, state: str) -> UUID | None:
    """The tenant for which this state was issued here, even if it is used up or too old; None for any other.

    It begins with a tenant's id, which anybody can write. We do not look whether there is such a tenant, so the answer,
    and how long it takes, are the same for somebody else's tenant and for none.
    """
    try:
        named = UUID(hex=state.partition(".")[0])
    except ValueError:
        return None
    with tenant_scope(named):
        is_ours = InstallAttempt.objects.filter(provider=provider, state_digest=digest(state)).exists()
    return named if is_ours else None


def belongs_to(tenant_id: UUID, state: str, browser: Browser) -> bool:
    """Was it issued to this user in this browser, or by the API to no browser? Unknown states are use_up()'s."""
    with tenant_scope(tenant_id):
        attempt = InstallAttempt.objects.filter(state_digest=digest(state)).first()
    if attempt is None or not attempt.session_digest:
        return True
    return (attempt.session_digest, attempt.user_id) == (digest(browser.session_key), browser.user_id)


def draft_id_of(tenant_id: UUID, state: str) -> UUID | None:
    """Whose own app it was issued for."""
    with tenant_scope(tenant_id):
        return InstallAttempt.objects.filter(state_digest=digest(state)).values_list("draft_id", flat=True).first()


def use_up(tenant_id: UUID, state: str) -> bool:
    """False if it was used before, or is too old."""
    now = timezone.now()
    with tenant_scope(tenant_id):
        fresh = InstallAttempt.objects.filter(state_digest=digest(state), used_at=None, expires_at__gt=now)
        return bool(fresh.update(used_at=now))


def digest(value: str) -> str:
    """What is kept of a state or a session."""
    return hashlib.sha256(value.encode()).hexdigest() if value else ""
