"""Who answers where, as an operator chose it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from channels.models.connections import Connection
from tenants.models import TenantModel


class PlaceChoice(TenantModel):
    """Who answers new conversations in one place of a connection: a channel there, or its direct messages.

    Everywhere else, whoever is chosen for the connection does.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="choices")
    place = models.CharField(max_length=120, help_text=_("As InboundMessage.where names it"))
    label = models.CharField(max_length=120, blank=True, help_text=_("What the provider called it then"))
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="choices")

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["connection", "place"], name="channels_place_choice_once"),
        ]

    def __str__(self) -> str:
        return self.label or self.place
