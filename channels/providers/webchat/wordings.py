"""What web chat says about itself, in sentences that can be stored."""

from django.utils.translation import gettext_lazy as _

from tenants.wordings import Wording

NO_LOOK_UP = Wording("webchat.no_look_up", _("A web chat shows what is stored here: there is nothing to look up."))
NO_WEBHOOKS = Wording("webchat.no_webhooks", _("A web chat has no webhooks: its messages come from its own page."))
