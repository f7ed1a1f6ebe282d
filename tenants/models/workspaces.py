"""Workspaces (tenants), their former addresses, who belongs to them and who is invited."""

from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from tenants.models.people import User

RESERVED_SLUGS = {"admin", "api", "new", "settings", "static", "www"}


# Asking reads a folder of hundreds of files each time.
time_zones = cache(available_timezones)


def validate_time_zone(name: str) -> None:
    if name not in time_zones():
        raise ValidationError(
            gettext("“%(name)s” is not a time zone: choose one such as Europe/London.") % {"name": name}
        )


def validate_slug_is_free(slug: str) -> None:
    if slug in RESERVED_SLUGS:
        raise ValidationError(gettext("“%(slug)s” is reserved: choose another address.") % {"slug": slug})


class Language(models.TextChoices):
    """The language of an answer when a message does not show its own."""

    ENGLISH = "en", _("English")
    FRENCH = "fr", _("French")
    GERMAN = "de", _("German")
    ITALIAN = "it", _("Italian")
    PORTUGUESE = "pt", _("Portuguese")
    SPANISH = "es", _("Spanish")


class Tenant(models.Model):
    """A workspace: one business, its AI employees, channels, people and bill."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=50, unique=True, validators=[validate_slug_is_free])
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    language = models.CharField(max_length=8, choices=Language, default=Language.ENGLISH)
    contact_email = models.EmailField(_("contact"), blank=True, help_text=_("Gets notices beside the owners"))
    contact_confirmed_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When a code that was mailed to the contact came back")
    )
    retention_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("Conversations are deleted this many days after their last message; empty keeps them"),
    )
    overheard_hours = models.PositiveSmallIntegerField(
        default=24,
        db_default=24,
        validators=[MaxValueValidator(168)],
        help_text=_(
            "How long what people say around AI employees, not to them, is kept as context; 0 keeps none of it"
        ),
    )
    deletes_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When it is erased, if its owner asked for it")
    )
    deletion_requested_at = models.DateTimeField(null=True, blank=True)
    deletion_requested_by_id = models.UUIDField(null=True, blank=True)
    deletion_announced_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the mails about it were planned")
    )
    deletion_warned_at = models.DateTimeField(null=True, blank=True, help_text=_("When the reminders were planned"))
    erased_rows = models.JSONField(
        default=dict, blank=True, help_text=_("Rows erased so far by table, while it is being erased")
    )
    created_at = models.DateTimeField(default=timezone.now)
    members = models.ManyToManyField(User, through="Membership", related_name="tenants")

    def __str__(self) -> str:
        return self.name

    @property
    def is_contact_confirmed(self) -> bool:
        """Does whoever reads the contact's mail agree to get notices?"""
        return bool(self.contact_email and self.contact_confirmed_at)

    @property
    def email(self) -> str:
        """To whom bills go: the confirmed contact, else the owner who has been one for longest. "" without either."""
        owners = self.memberships.filter(role=Role.OWNER).order_by("created_at", "id")
        contact = self.contact_email if self.is_contact_confirmed else ""
        return contact or owners.values_list("user__email", flat=True).first() or ""


class ErasedTenant(models.Model):
    """The id of a workspace that was erased, which no other gets. Only erase_tenant() of `owner` adds one."""

    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()


class FormerSlug(models.Model):
    """An address that a workspace had before: links to it go on to the workspace."""

    slug = models.SlugField(max_length=50, primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="former_slugs")
    created_at = models.DateTimeField(default=timezone.now)


class Role(models.TextChoices):
    """What a member may do, from most to least."""

    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    OPERATOR = "operator", _("Operator")
    VIEWER = "viewer", _("Viewer")

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

    def __str__(self) -> str:
        return self.user.email


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, now: datetime) -> "InvitationQuerySet":
        """Those that can still be accepted."""
        return self.filter(expires_at__gt=now)


class Invitation(models.Model):
    """A place in a workspace that waits for the owner of an e-mail address. Accepted or withdrawn, it is deleted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(max_length=10, choices=Role, default=Role.OPERATOR)
    digest = models.CharField(max_length=64, unique=True, help_text=_("SHA-256 of what the link carries"))
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("tenant", Lower("email"), name="tenants_invitation_once")]

    def __str__(self) -> str:
        return self.email
