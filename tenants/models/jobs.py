"""Work that one worker at a time may do: its columns, and how it is claimed, fenced and given back."""

from datetime import datetime, timedelta
from typing import Any, Self, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

Row_co = TypeVar("Row_co", bound="Job", covariant=True)


class JobQuerySet(models.QuerySet[Row_co]):
    """Finds and locks jobs. To claim one, lock it with `claimable`, then call its `lease`."""

    def free(self, now: datetime) -> Self:
        """Jobs that nobody holds: never leased, given back, or left by a worker that died."""
        return self.filter(models.Q(leased_until=None) | models.Q(leased_until__lte=now))

    def due(self, now: datetime) -> Self:
        """Free jobs that do not have to wait for a retry."""
        return self.free(now).filter(models.Q(retry_at=None) | models.Q(retry_at__lte=now))

    def claimable(self, now: datetime) -> Self:
        """Free jobs, locked until the transaction ends; what somebody else has locked is skipped, not waited for."""
        return self.free(now).select_for_update(no_key=True, skip_locked=True, of=("self",))

    def still_ours(self, job_id: UUID, attempt: int) -> Self:
        """The job, locked until the transaction ends; empty if somebody else has claimed or fenced it since."""
        return self.select_for_update(no_key=True, of=("self",)).filter(id=job_id, attempt=attempt)


class Job(models.Model):
    """The columns of a row that one worker at a time works on. Combine it with TenantModel, or with a plain model.

    A worker claims the job for settings.LEASE_SECONDS and tenants.jobs.keeper renews the lease while it works. Each
    claim raises `attempt`, which fences: whoever holds an older number was overtaken, and its result is dropped.

    The table needs a UUID as its primary key, and the grant of tenants.row_level_security.renewals (ProtectTenantTable
    makes it; AllowRenewals does for a table that is there already). A test over all models checks both.
    """

    attempt = models.PositiveIntegerField(
        default=0, db_default=0, help_text=_("Fences: the result of an older attempt is dropped")
    )
    failures = models.PositiveIntegerField(default=0, db_default=0, help_text=_("Failed attempts in a row"))
    leased_until = models.DateTimeField(null=True, blank=True, help_text=_("Until then nobody else may claim it"))
    retry_at = models.DateTimeField(null=True, blank=True, help_text=_("It waits until then"))

    RELEASED = ("leased_until", "failures", "retry_at")

    class Meta:
        abstract = True

    def is_leased(self, now: datetime) -> bool:
        return self.leased_until is not None and self.leased_until > now

    def is_waiting_to_retry(self, now: datetime) -> bool:
        return self.retry_at is not None and self.retry_at > now

    def lease(self, now: datetime, **changes: Any) -> None:
        """Claim the job, which must be locked; the new attempt fences everybody who had it before.

        changes: further columns to save in the same UPDATE.
        """
        self.attempt += 1
        self.leased_until, self.retry_at = now + timedelta(seconds=settings.LEASE_SECONDS), None
        self._save("attempt", "failures", "leased_until", "retry_at", **changes)

    def overtake(self, **changes: Any) -> None:
        """Fence off whoever has the job, and free it."""
        self.attempt += 1
        self.leased_until = None
        self._save("attempt", "leased_until", **changes)

    def release(self, *, failures: int = 0, retry_at: datetime | None = None, **changes: Any) -> None:
        """Give the job back. failures: in a row, this one included. retry_at: nobody is to take it before."""
        self.set_released(failures=failures, retry_at=retry_at)
        self._save(*self.RELEASED, **changes)

    def set_released(self, *, failures: int = 0, retry_at: datetime | None = None) -> None:
        """The same in memory only: the caller saves the columns of RELEASED."""
        self.leased_until, self.failures, self.retry_at = None, failures, retry_at

    def _save(self, *names: str, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(self, name, value)
        self.save(update_fields=[*names, *changes])
