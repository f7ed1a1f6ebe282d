"""Who works: seats, in the order in which they are filled."""

from django.db import models

from tenants.models import TenantModel


class Seat(TenantModel):
    """An AI employee's place in the order of seats; written by agents. Whether it is paid for is computed by quota."""

    holder_id = models.UUIDField()
    holder_name = models.CharField(max_length=80)
    position = models.PositiveIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "holder_id"], name="billing_seat_once"),
            models.UniqueConstraint(
                fields=["tenant", "position"], name="billing_seat_order", deferrable=models.Deferrable.DEFERRED
            ),
        ]
