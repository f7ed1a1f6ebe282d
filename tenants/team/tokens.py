"""Making and revoking API tokens.

A token's role is never above its maker's, now or later, and nobody revokes the token of somebody above them.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.audit import actions, journal
from tenants.models import ApiToken, Role, Tenant, User
from tenants.permissions import Permission
from tenants.team import members
from tenants.team.members import Manager, NotAllowedError

AUDITED = ("name", "role", "expires_at")


class TokenError(Exception):
    """This token cannot be made. The text says why and what to do; `field` is what to change."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def make(
    tenant: Tenant, name: str, role: Role, *, maker: User, maker_role: Role, life: timedelta | None
) -> tuple[ApiToken, str]:
    """A new token and its plain text, which exists only now. `life`: how long it works; None: for ever.

    Call it inside the tenant's scope. Raises TokenError for a role above the maker's, or a name that is taken.
    """
    if not maker_role.covers(role):
        words = _("Your role is %(role)s. Your token cannot have a higher one.")
        raise TokenError("role", words % {"role": maker_role.label})
    Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)  # of two at once with one name, one is made
    if ApiToken.objects.filter(tenant=tenant, name__iexact=name).exists():
        words = _("A token called “%(name)s” already exists. Revoke it first, or choose another name.")
        raise TokenError("name", words % {"name": name})
    expires_at = timezone.now() + life if life else None
    return issue(tenant, name, role, expires_at=expires_at, maker=maker)


def issue(
    tenant: Tenant, name: str, role: Role, *, expires_at: datetime | None = None, maker: User | None = None
) -> tuple[ApiToken, str]:
    """The same without checking who may: for commands. Call it inside the tenant's scope."""
    token, plain = ApiToken.issue(tenant, name, role, expires_at, maker)
    journal.record(actions.TOKEN_CREATED, token, changes=journal.difference({}, journal.snapshot(token, AUDITED)))
    return token, plain


def revoke(tenant: Tenant, token_id: UUID, *, by: Manager) -> ApiToken:
    """End a token at once.

    Raises ApiToken.DoesNotExist, and NotAllowedError for one with a higher role, or whose maker has one.
    """
    with members.changing(tenant):
        token = ApiToken.objects.with_maker().get(tenant=tenant, id=token_id)
        own = members.role_now(tenant, by, Permission.MANAGE_TOKENS)
        if not own.covers(token.rank):
            words = _("“%(name)s” has the role %(role)s, which is above your own, %(own)s. Ask an owner to revoke it.")
            raise NotAllowedError(words % {"name": token.name, "role": token.rank.label, "own": own.label})
        journal.record(actions.TOKEN_REVOKED, token, changes=journal.difference(journal.snapshot(token, AUDITED), {}))
        ApiToken.objects.filter(id=token.id).delete()
    return token
