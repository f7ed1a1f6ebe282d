"""The base of every tenant's table."""

from django.db import models
from uuid_utils.compat import uuid7

from tenants.models.workspaces import Tenant
from tenants.scope import current_tenant_id


class TenantModel(models.Model):
    """A row that belongs to one tenant, under forced row-level security.

    Its migration runs tenants.row_level_security.ProtectTenantTable, or a test over the catalogue fails. A new row
    takes the tenant of the open tenant_scope().
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, default=current_tenant_id, editable=False, related_name="+"
    )

    class Meta:
        abstract = True
        # What composite foreign keys refer to.
        constraints = [models.UniqueConstraint(fields=["tenant", "id"], name="%(app_label)s_%(class)s_tenant_row")]
