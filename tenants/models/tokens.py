"""Bearer tokens of the REST API."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenants.models.people import User
from tenants.models.workspaces import Membership, Role, Tenant

NOTED_EVERY = timedelta(minutes=1)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self, plain: str, now: datetime) -> "ApiToken | None":
        """The token that this bearer string is, unless unknown, expired, or of somebody who left the workspace."""
        live = models.Q(expires_at=None) | models.Q(expires_at__gt=now)
        kept = models.Q(created_by=None) | models.Q(maker_role__isnull=False)
        known = self.with_maker().filter(live, kept, digest=ApiToken.digest_of(plain))
        return known.select_related("tenant").first()

    def with_maker(self) -> "ApiTokenQuerySet":
        """Adds `maker_role`: what whoever made it is in the workspace now; None for who left it, or a command.

        Who comes back has a new membership, which brings no older token back to life.
        """
        of_maker = {
            "tenant": OuterRef("tenant"),
            "user": OuterRef("created_by"),
            "user__is_active": True,
            "created_at__lte": OuterRef("created_at"),
        }
        return self.annotate(maker_role=Subquery(Membership.objects.filter(**of_maker).values("role")))


class ApiToken(models.Model):
    """A bearer token for the REST API: bound to one tenant and role, stored as a digest, shown once."""

    PREFIX = "rst_"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=10, choices=Role, default=Role.OPERATOR)
    digest = models.CharField(max_length=64, unique=True)
    last_four = models.CharField(max_length=4)
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} (••••{self.last_four})"

    @property
    def effective_role(self) -> Role:
        """Its own role, but never more than what its maker has now: who loses a role does not keep it in a token."""
        own = Role(self.role)
        maker = self._maker_role() or own
        return own if maker.covers(own) else maker

    @property
    def rank(self) -> Role:
        """Whose it is: its own role, or its maker's now if that is higher. Who has less leaves it alone."""
        own = Role(self.role)
        maker = self._maker_role() or own
        return maker if maker.covers(own) else own

    @property
    def is_orphan(self) -> bool:
        """Its maker left the workspace, so it opens nothing any more."""
        return self.created_by_id is not None and self._maker_role() is None

    def _maker_role(self) -> Role | None:
        """Known only of what came by ApiTokenQuerySet.with_maker()."""
        role: str | None = self.maker_role  # type: ignore[attr-defined]
        return Role(role) if role else None

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def note_use(self, now: datetime) -> None:
        """Remember that it was used, at most once a minute: an UPDATE for each request would be waste."""
        if self.last_used_at is None or self.last_used_at < now - NOTED_EVERY:
            ApiToken.objects.filter(id=self.id).update(last_used_at=now)

    @staticmethod
    def digest_of(plain: str) -> str:
        """SHA-256 is enough: the token carries 256 random bits, so there is nothing to guess."""
        return hashlib.sha256(plain.encode()).hexdigest()

    @classmethod
    def issue(
        cls,
        tenant: Tenant,
        name: str,
        role: Role,
        expires_at: datetime | None = None,
        created_by: User | None = None,
    ) -> tuple["ApiToken", str]:
        """A new token and its plain text, which exists only now."""
        plain = cls.PREFIX + secrets.token_urlsafe(32)
        token = cls.objects.create(
            tenant=tenant,
            name=name,
            role=role,
            digest=cls.digest_of(plain),
            last_four=plain[-4:],
            expires_at=expires_at,
            created_by=created_by,
        )
        return token, plain
