"""Words of the pages about subscriptions."""

from collections.abc import Sequence

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()

SHOWN = 4
"""Names in a sentence; the rest is counted."""


@register.filter
def listed(names: Sequence[str], nobody: str = "") -> str:
    """Maya · Maya and Leo · Maya, Leo and Nora · Maya, Leo, Nora, Otto and 3 more; `nobody` if there are none."""
    if not names:
        return nobody
    shown, left = list(names[:SHOWN]), len(names) - SHOWN
    if left > 0:
        shown.append(ngettext("%(count)d more", "%(count)d more", left) % {"count": left})
    if len(shown) == 1:
        return shown[0]
    return _("%(names)s and %(last)s") % {"names": ", ".join(shown[:-1]), "last": shown[-1]}
