"""People, workspaces (tenants), members and tokens; events; and the base class of every table of a tenant.

Everything may import it.
"""

from tenants.models.base import TenantModel
from tenants.models.events import AccountEvent, ActorKind, AuditEvent, Event
from tenants.models.exports import Export, ExportPart
from tenants.models.idempotency import IdempotentRequest
from tenants.models.incidents import Incident
from tenants.models.jobs import Job, JobQuerySet
from tenants.models.mails import ContactCode, Mail
from tenants.models.people import User, UserManager
from tenants.models.support import SupportGrant
from tenants.models.tokens import ApiToken
from tenants.models.workspaces import (
    RESERVED_SLUGS,
    ErasedTenant,
    FormerSlug,
    Invitation,
    Language,
    Membership,
    Role,
    Tenant,
    validate_slug_is_free,
    validate_time_zone,
)

__all__ = [
    "RESERVED_SLUGS",
    "AccountEvent",
    "ActorKind",
    "ApiToken",
    "AuditEvent",
    "ContactCode",
    "ErasedTenant",
    "Event",
    "Export",
    "ExportPart",
    "FormerSlug",
    "IdempotentRequest",
    "Incident",
    "Invitation",
    "Job",
    "JobQuerySet",
    "Language",
    "Mail",
    "Membership",
    "Role",
    "SupportGrant",
    "Tenant",
    "TenantModel",
    "User",
    "UserManager",
    "validate_slug_is_free",
    "validate_time_zone",
]
