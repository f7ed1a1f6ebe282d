"""What people think of an answer."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Person, Turn
from tenants.models import TenantModel


class Feedback(TenantModel):
    """One person's opinion of one answer, the last that they gave. It goes with the answer and with the person."""

    class Value(models.TextChoices):
        GOOD = "good", _("Good answer")
        BAD = "bad", _("Bad answer")

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="feedback")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="feedback")
    value = models.CharField(max_length=4, choices=Value)
    at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        verbose_name_plural = _("feedback")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["turn", "person"], name="channels_feedback_once"),
        ]
