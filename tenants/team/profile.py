"""A workspace's settings: its name, address, time zone, language and contact."""

from typing import cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tenants.audit import actions, journal
from tenants.mail import contact
from tenants.models import FormerSlug, Tenant
from tenants.team import workspaces

FIELDS = ("name", "slug", "time_zone", "language", "contact_email")
MOST_FORMER = 20
"""A workspace keeps its old addresses, so this stops people from hoarding them."""


def change(tenant: Tenant) -> Tenant:
    """Save this workspace's changed settings, inside its scope. Its old address keeps leading to it.

    Returns the workspace as saved. Raises django.core.exceptions.ValidationError, by field.
    """
    with transaction.atomic():
        kept = Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
        before = journal.snapshot(kept, FIELDS)
        for name in FIELDS:
            setattr(kept, name, getattr(tenant, name))
        changes = journal.difference(before, journal.snapshot(kept, FIELDS))
        if not changes:
            return kept
        if "slug" in changes:
            _move(kept, cast("str", before["slug"]))
        if "contact_email" in changes:
            contact.forget_proof(kept)
        kept.full_clean(exclude=["deletes_at"])
        kept.save(update_fields=[*changes, "contact_confirmed_at"])
        journal.record(actions.SETTINGS_CHANGED, kept, changes=changes)
    return kept


def _move(tenant: Tenant, old: str) -> None:
    """Keep the old address for this workspace, or take back one that it had before."""
    workspaces.lock_slugs(old, tenant.slug)
    if workspaces.is_taken(tenant.slug, by_others_than=tenant):
        words = _("“%(slug)s” belongs to another workspace. Choose another address.")
        raise ValidationError({"slug": words % {"slug": tenant.slug}})
    FormerSlug.objects.filter(slug=tenant.slug, tenant=tenant).delete()
    if FormerSlug.objects.filter(tenant=tenant).count() >= MOST_FORMER:
        words = _("This workspace has already had %(number)s addresses. Choose one of those.")
        raise ValidationError({"slug": words % {"number": MOST_FORMER}})
    FormerSlug.objects.create(slug=old, tenant=tenant)
