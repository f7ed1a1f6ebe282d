"""The form about the sites that may show a web chat."""

from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

MOST = 20
LOCAL = {"localhost", "127.0.0.1"}


class OriginsForm(forms.Form):
    """One site a line."""

    origins = forms.CharField(
        label=_("Sites that may show the chat"),
        help_text=_("One address a line, such as https://www.example.com. Nobody else's site can show it."),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocapitalize": "off"}),
    )

    def clean_origins(self) -> list[str]:
        found = dict.fromkeys(origin_of(each) for each in self.cleaned_data["origins"].split())
        if len(found) > MOST:
            raise forms.ValidationError(gettext("Name at most %(most)d sites.") % {"most": MOST})
        return list(found)


def origin_of(address: str) -> str:
    """The origin of a site's address, as a browser names it. Raises ValidationError with what to write instead."""
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    is_secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL)
    if not is_secure or ("." not in host and host not in LOCAL) or parts.username is not None or not _is_plain(host):
        words = gettext("“%(address)s” is not a site's address: write one such as https://www.example.com.")
        raise forms.ValidationError(words % {"address": address[:100]})
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port not in {80, 443} else "")


def _is_plain(host: str) -> bool:
    """Nothing that would mean something else in a Content-Security-Policy."""
    return all(each.isascii() and (each.isalnum() or each in ".-") for each in host)
