"""Words of the pages about subscriptions."""

from collections.abc import Sequence

from django import template

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
        shown.append(f"{left} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
