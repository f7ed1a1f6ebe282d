"""Bearer tokens of the REST API."""

import hashlib
import secrets
from datetime import datetime

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenants.models.people import User
from tenants.models.workspaces import Role, Tenant


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self, plain: str, now: datetime) -> "ApiToken | None":
        """The token that this bearer string is, unless unknown or expired."""
        live = models.Q(expires_at=None) | models.Q(expires_at__gt=now)
        return self.filter(live, digest=ApiToken.digest_of(plain)).select_related("tenant").first()


class ApiToken(models.Model):
    """A bearer token for the REST API: bound to one tenant and role, stored as a digest, shown once."""

    PREFIX = "rst_"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=10, choices=Role, default=Role.OPERATOR)
    digest = models.CharField(max_length=64, unique=True)
    last_four = models.CharField(max_length=4)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} (••••{self.last_four})"

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
