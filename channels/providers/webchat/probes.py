"""What is tried of a web chat: its page, opened as a visitor would."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from channels.providers import round_trip
from channels.providers.shapes.health import History, Move, Result, State
from tenants.wordings import Wording

PAGE = Wording("webchat.probe_page", _("Chat page"))
OPENS = Wording("webchat.page_opens", _("It opens at %(address)s, after %(seconds)s seconds."))
REFUSES = Wording("webchat.page_refuses", _("%(address)s answers with HTTP %(status)s."))
NOBODY_ANSWERED = Wording(
    "webchat.page_means", _("Nobody can write there, so nobody gets an answer: whoever runs this Roster has to look.")
)
UNREACHABLE = Wording("webchat.page_unreachable", _("Roster could not open %(address)s: %(error)s."))
PERHAPS = Wording("webchat.page_perhaps", _("If visitors cannot open it either, nobody can write there."))


def look(history: History) -> Sequence[Result]:
    """One probe: all else is Roster's own, and its records tell how that is."""
    address = f"{settings.PUBLIC_URL}/chat/{history.external_id}/"
    came = round_trip.send(round_trip.Request("GET", address))
    if isinstance(came, str):
        seen = UNREACHABLE(address=address, error=came)
        return [Result(PAGE, State.WARNS, seen, PERHAPS(), Move.OURS, breaks=True)]
    if came.status != 200:
        seen = REFUSES(address=address, status=came.status)
        return [Result(PAGE, State.FAILS, seen, NOBODY_ANSWERED(), Move.OURS, breaks=True)]
    return [Result(PAGE, State.PASSES, OPENS(address=address, seconds=came.seconds), breaks=True)]
