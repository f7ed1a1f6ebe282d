"""How a web chat shows words and days."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def linked(text: str) -> SafeString:
    """An answer with its addresses as links, each in a tab of its own; anything else is escaped."""
    html = urlize(text, nofollow=True, autoescape=True)
    return mark_safe(html.replace("<a href=", '<a target="_blank" href='))  # noqa: S308 - urlize has escaped the rest


@register.filter
def day(at: datetime, now: datetime) -> str:
    """The day of a message, in the time zone that is set."""
    date, today = timezone.localdate(at), timezone.localdate(now)
    shown = date_format(date, "j F" if date.year == today.year else "j F Y")
    return _("Today, %(date)s") % {"date": shown} if date == today else shown
