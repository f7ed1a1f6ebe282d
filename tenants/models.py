"""Who there is: people, workspaces (tenants), memberships and API tokens; and the base of every tenant's table."""

import hashlib
import secrets
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenants.scope import current_tenant_id

RESERVED_SLUGS = {"admin", "api", "new", "settings", "static", "www"}


class UserManager(BaseUserManager["User"]):
    """Makes accounts; e-mail addresses are one account each, whatever their case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account, known by e-mail address."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="tenants_user_email_any_case")]

    def __str__(self) -> str:
        return self.email

    @property
    def initials(self) -> str:
        """Two letters for an avatar."""
        return (self.name or self.email)[:2].upper()


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"{name!r} is not a time zone: choose one such as Europe/London.")


def validate_slug_is_free(slug: str) -> None:
    if slug in RESERVED_SLUGS:
        raise ValidationError(f"“{slug}” is reserved: choose another address.")


class Tenant(models.Model):
    """A workspace: one business, its AI employees, channels, people and bill."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=50, unique=True, validators=[validate_slug_is_free])
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    created_at = models.DateTimeField(default=timezone.now)
    members = models.ManyToManyField(User, through="Membership", related_name="tenants")

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do, from most to least."""

    OWNER = "owner"
    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"

    def covers(self, needed: "Role") -> bool:
        """Does this role include what `needed` allows?"""
        order = list(Role)
        return order.index(self) <= order.index(needed)


class Membership(models.Model):
    """A person's place in a workspace."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.OPERATOR)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="tenants_membership_once")]


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
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    @staticmethod
    def digest_of(plain: str) -> str:
        """SHA-256 is enough: the token carries 256 random bits, so there is nothing to guess."""
        return hashlib.sha256(plain.encode()).hexdigest()

    @classmethod
    def issue(cls, tenant: Tenant, name: str, role: Role, expires_at: datetime | None = None) -> tuple["ApiToken", str]:
        """A new token and its plain text, which exists only now."""
        plain = cls.PREFIX + secrets.token_urlsafe(32)
        token = cls.objects.create(
            tenant=tenant,
            name=name,
            role=role,
            digest=cls.digest_of(plain),
            last_four=plain[-4:],
            expires_at=expires_at,
        )
        return token, plain


class TenantModel(models.Model):
    """A row that belongs to one tenant, under forced row-level security.

    Its migration runs tenants.tables.ProtectTenantTable, or a test over the catalogue fails. A new row takes the
    tenant of the open tenant_scope().
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, default=current_tenant_id, editable=False, related_name="+"
    )

    class Meta:
        abstract = True
        # What composite foreign keys refer to.
        constraints = [models.UniqueConstraint(fields=["tenant", "id"], name="%(app_label)s_%(class)s_tenant_row")]
