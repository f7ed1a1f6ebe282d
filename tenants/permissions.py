"""Who may do what: the one table that views, the API and templates ask, and that the portal shows."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.models import Role


class Permission(models.TextChoices):
    """What somebody may be allowed to do in a workspace; the label is what the portal says."""

    READ = "read", _("See AI employees, channels, conversations, usage and billing")
    MANAGE_EMPLOYEES = "manage_employees", _("Hire, change, pause and let go of AI employees")
    MANAGE_CHANNELS = "manage_channels", _("Connect, test, set up and disconnect channels")
    MANAGE_MEMBERS = "manage_members", _("Invite, change and remove members")
    MANAGE_TOKENS = "manage_tokens", _("Make and revoke API tokens")
    MANAGE_BILLING = "manage_billing", _("Subscribe, change seats, pay and cancel")
    READ_AUDIT = "read_audit", _("Read the audit trail")
    MANAGE_SETTINGS = "manage_settings", _("Change the workspace's settings and how long conversations are kept")
    ERASE_PEOPLE = "erase_people", _("Erase what a person said to AI employees")
    EXPORT_DATA = "export_data", _("Export everything that the workspace has")
    GRANT_SUPPORT = "grant_support", _("Let Roster's support look at the workspace")
    OWN = "own", _("Hand over ownership and delete the workspace")


NEEDS: dict[Permission, Role] = {
    Permission.READ: Role.VIEWER,
    Permission.MANAGE_EMPLOYEES: Role.OPERATOR,
    Permission.MANAGE_CHANNELS: Role.OPERATOR,
    Permission.MANAGE_MEMBERS: Role.ADMIN,
    Permission.MANAGE_TOKENS: Role.ADMIN,
    Permission.MANAGE_BILLING: Role.ADMIN,
    Permission.READ_AUDIT: Role.ADMIN,
    Permission.MANAGE_SETTINGS: Role.ADMIN,
    Permission.ERASE_PEOPLE: Role.ADMIN,
    Permission.EXPORT_DATA: Role.OWNER,
    Permission.GRANT_SUPPORT: Role.OWNER,
    Permission.OWN: Role.OWNER,
}
"""The lowest role that has each permission."""


def allows(role: Role, permission: Permission) -> bool:
    """May somebody with this role do that?"""
    return role.covers(NEEDS[permission])


def refusal(permission: Permission) -> str:
    """What people are told who may not do that: which role it needs, and whom to ask."""
    words = gettext("“%(what)s” needs the %(role)s role in this workspace: ask one of its owners.")
    return words % {"what": permission.label, "role": NEEDS[permission].label.lower()}
