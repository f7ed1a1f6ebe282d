"""Who may do what: the one table that views, the API and templates ask, and that the portal shows."""

from django.db import models

from tenants.models import Role


class Permission(models.TextChoices):
    """What somebody may be allowed to do in a workspace; the label is what the portal says."""

    READ = "read", "See AI employees, channels, conversations, usage and billing"
    MANAGE_EMPLOYEES = "manage_employees", "Hire, change, pause and let go of AI employees"
    MANAGE_CHANNELS = "manage_channels", "Connect, test, set up and disconnect channels"
    MANAGE_MEMBERS = "manage_members", "Invite, change and remove members"
    MANAGE_TOKENS = "manage_tokens", "Make and revoke API tokens"
    MANAGE_BILLING = "manage_billing", "Subscribe, change seats, pay and cancel"
    READ_AUDIT = "read_audit", "Read the audit trail"
    MANAGE_SETTINGS = "manage_settings", "Change the workspace's settings and how long conversations are kept"
    ERASE_PEOPLE = "erase_people", "Erase what a person said to AI employees"
    EXPORT_DATA = "export_data", "Export everything that the workspace has"
    GRANT_SUPPORT = "grant_support", "Let Roster's support look at the workspace"
    OWN = "own", "Hand over ownership and delete the workspace"


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
"""The least role that each permission takes."""


def allows(role: Role, permission: Permission) -> bool:
    """May somebody with this role do that?"""
    return role.covers(NEEDS[permission])


def refusal(permission: Permission) -> str:
    """What somebody is told who may not do that: what it takes, and whom to ask."""
    needed = NEEDS[permission].label.lower()
    article = "an" if needed[0] in "aeiou" else "a"
    return f"“{permission.label}” takes the role of {article} {needed} in this workspace: ask one of its owners."
