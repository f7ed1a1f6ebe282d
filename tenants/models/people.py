"""People: an account each, known by e-mail address."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from tenants import addresses


class UserManager(BaseUserManager["User"]):
    """Makes accounts and finds them; an e-mail address in its normal form is one account."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new account. Raises django.core.exceptions.ValidationError for what is no address."""
        user = self.model(email=addresses.normalize(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=addresses.normalize_or_none(username))

    def find(self, email: str) -> "User | None":
        """The account that has this address, however it is written."""
        address = addresses.normalize_or_none(email)
        return self.filter(email=address).first() if address else None


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account, known by e-mail address."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
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
