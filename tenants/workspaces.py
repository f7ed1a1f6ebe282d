"""Making a workspace."""

from django.db import transaction
from django.utils.text import slugify

from tenants.models import RESERVED_SLUGS, Membership, Role, Tenant, User


def free_slug(name: str) -> str:
    """An address made from a workspace's name that nobody has yet."""
    base = slugify(name)[:40] or "workspace"
    taken = set(Tenant.objects.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED_SLUGS
    candidates = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(slug for slug in candidates if slug not in taken)


def create(name: str, owner: User, *, slug: str = "", time_zone: str = "UTC") -> Tenant:
    """A new workspace with its owner as first member. The slug is made from the name unless given.

    Raises django.core.exceptions.ValidationError for a slug that is taken or reserved, or an unknown time zone.
    """
    with transaction.atomic():
        tenant = Tenant(name=name, slug=slug or free_slug(name), time_zone=time_zone)
        tenant.full_clean()
        tenant.save()
        Membership.objects.create(tenant=tenant, user=owner, role=Role.OWNER)
    return tenant
