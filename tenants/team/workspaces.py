"""Creating a workspace, and which addresses are free."""

import secrets

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.audit import actions, journal
from tenants.models import RESERVED_SLUGS, FormerSlug, Membership, Role, Tenant, User
from tenants.scope import tenant_scope
from tenants.wordings import Wording

NUMBERED = 50
"""Workspaces of the same name whose addresses are numbered; later ones get a random suffix."""
ITS_OWNER = Wording("tenants.its_owner", _("Its owner is %(owner)s."))


def free_slug(name: str) -> str:
    """An address made from a workspace's name that no workspace has or had."""
    base = slugify(name)[:40] or "workspace"
    candidates = [base, *(f"{base}-{number}" for number in range(2, NUMBERED + 1))]
    used = [
        set(model._default_manager.filter(slug__in=candidates).values_list("slug", flat=True))
        for model in (Tenant, FormerSlug)
    ]
    taken = set().union(*used, RESERVED_SLUGS)
    return next((slug for slug in candidates if slug not in taken), f"{base}-{secrets.token_hex(4)}")


def lock_slugs(*slugs: str) -> None:
    """Lock these addresses until the transaction ends: an address is in one of two tables, so no constraint does it."""
    with connection.cursor() as cursor:
        for slug in sorted(slugs):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"slug:{slug}"])


def is_taken(slug: str, *, by_others_than: Tenant) -> bool:
    """Does or did another workspace have this address? Then links to it lead there."""
    if Tenant.objects.filter(slug=slug).exclude(id=by_others_than.id).exists():
        return True
    return FormerSlug.objects.filter(slug=slug).exclude(tenant=by_others_than).exists()


def create(name: str, owner: User, *, slug: str = "", time_zone: str = "UTC") -> Tenant:
    """Create a workspace with its owner as first member. The slug is made from the name unless given.

    Raises django.core.exceptions.ValidationError for a slug that is taken or reserved, or an unknown time zone.
    """
    with transaction.atomic():
        tenant = Tenant(name=name, slug=slug or free_slug(name), time_zone=time_zone)
        lock_slugs(tenant.slug)
        tenant.full_clean()
        if is_taken(tenant.slug, by_others_than=tenant):
            words = gettext("“%(slug)s” belonged to another workspace. Choose another address.")
            raise ValidationError({"slug": words % {"slug": tenant.slug}})
        tenant.save()
        Membership.objects.create(tenant=tenant, user=owner, role=Role.OWNER)
        with tenant_scope(tenant.id):
            changes = journal.difference({}, journal.snapshot(tenant, ("name", "slug", "time_zone")))
            journal.record(actions.WORKSPACE_CREATED, tenant, changes=changes, detail=ITS_OWNER(owner=owner.email))
    return tenant
