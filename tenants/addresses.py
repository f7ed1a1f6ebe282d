"""E-mail addresses: the one place that normalizes them. Only the normal form is stored, compared and mailed.

In the normal form two addresses are the same if they are equal, letter by letter:

- White space and invisible characters around an address are removed, since people copy them along; inside it they are
  refused.
- The part before the @ is lower case ASCII without quotes or comments (RFC 5321, 4.1.2: Dot-string). Another alphabet
  there needs SMTPUTF8 (RFC 6531), which few mail servers speak. It is refused and never mapped: a dotless i is no i.
- The domain is in its ASCII form (IDNA 2008 by UTS #46, non-transitional): bücher.example is xn--bcher-kva.example.
"""

import re
import unicodedata

import idna
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

LONGEST = 254
"""Characters of a whole address (RFC 5321, 4.5.3.1.3, less the brackets around it)."""
LONGEST_LOCAL = 64
"""Characters before the @ (RFC 5321, 4.5.3.1.1)."""
LONGEST_LABEL = 63
"""Octets between two dots of a domain (RFC 1035, 2.3.4)."""
INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
"""Unicode's categories of invisible characters: control and format characters, spaces, and unassigned ones."""
AROUND = frozenset({"Cf", "Zl", "Zp", "Zs"})
"""Those that are removed around an address, together with white space in ASCII."""
LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
DIGITS = re.compile(r"[0-9]+")
WITHOUT_DOT = frozenset({"localhost"})
"""Domains of one word, for mail that stays on this machine."""
NO_IP_ADDRESS = _("Use a domain such as example.com after the @, not an IP address.")
NO_COMMENT = _("An e-mail address cannot have a comment in brackets: leave it out.")


def normalize(text: str) -> str:
    """An address in its normal form. Raises ValidationError with what is wrong and the fix."""
    address = _trimmed(text)
    if len(address) > LONGEST:
        raise _problem(
            gettext("This e-mail address is longer than %(most)d characters: no mail server accepts it.")
            % {"most": LONGEST}
        )
    _refuse_invisible(address)
    local, at, domain = address.rpartition("@")
    if not (at and local and domain):
        raise _problem(_("An e-mail address needs something before and after an @, as in name@example.com."))
    normalized = f"{_local(local)}@{_domain(domain)}"
    if len(normalized) > LONGEST:
        raise _problem(
            gettext("The way mail servers write its domain, this address is longer than %(most)d characters.")
            % {"most": LONGEST}
        )
    return normalized


def normalize_or_none(text: str | None) -> str | None:
    """The same, or None for what is not an address."""
    try:
        return normalize(text) if text else None
    except ValidationError:
        return None


def _problem(sentence: StrOrPromise) -> ValidationError:
    return ValidationError(sentence, code="invalid")


def _trimmed(text: str) -> str:
    begin, end = 0, len(text)
    while begin < end and _is_around(text[begin]):
        begin += 1
    while end > begin and _is_around(text[end - 1]):
        end -= 1
    return text[begin:end]


def _is_around(character: str) -> bool:
    return character in " \t\r\n\v\f" or unicodedata.category(character) in AROUND


def _refuse_invisible(address: str) -> None:
    for character in address:
        if unicodedata.category(character) in INVISIBLE:
            name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
            raise _problem(
                gettext("This e-mail address has an invisible character (%(name)s): type it by hand.") % {"name": name}
            )


def _local(local: str) -> str:
    if not local.isascii():
        odd = next(character for character in local if not character.isascii())
        raise _problem(
            gettext("Mail cannot be sent with “%(odd)s” before the @: use an address with the letters a to z there.")
            % {"odd": odd}
        )
    if len(local) > LONGEST_LOCAL:
        raise _problem(
            gettext("The part before the @ is longer than %(most)d characters: no mail server accepts it.")
            % {"most": LONGEST_LOCAL}
        )
    lower = local.lower()
    if not LOCAL.fullmatch(lower):
        raise _problem(_what_is_wrong_with(lower))
    return lower


def _what_is_wrong_with(local: str) -> StrOrPromise:
    if '"' in local or "\\" in local:
        return _("Addresses with quotes before the @ are not supported: use one without.")
    if "(" in local or ")" in local:
        return NO_COMMENT
    if local.startswith(".") or local.endswith(".") or ".." in local:
        return _("Before the @, a dot has to be between two other characters: check the address.")
    odd = next((each for each in local if not LOCAL.fullmatch(each) and each != "."), "")
    return gettext("“%(odd)s” is not allowed before the @: check the address.") % {"odd": odd}


def _domain(domain: str) -> str:
    if domain.startswith("["):
        raise _problem(NO_IP_ADDRESS)
    if "(" in domain or ")" in domain:
        raise _problem(NO_COMMENT)
    ascii_form = _ascii(domain)
    if "." not in ascii_form and ascii_form not in WITHOUT_DOT:
        raise _problem(
            gettext("“%(domain)s” after the @ has no dot: write the whole domain, such as example.com.")
            % {"domain": domain}
        )
    if DIGITS.fullmatch(ascii_form.rpartition(".")[2]):
        raise _problem(NO_IP_ADDRESS)
    return ascii_form


def _ascii(domain: str) -> str:
    if domain.endswith("."):
        raise _problem(_("A domain does not end with a dot: leave out the last one."))
    if any(len(label) > LONGEST_LABEL for label in domain.split(".")):
        raise _problem(_too_long(domain))
    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode("ascii").lower()
    except UnicodeError as error:  # idna.IDNAError is one
        if "long" in str(error):
            raise _problem(_too_long(domain)) from error
        raise _problem(
            gettext("“%(domain)s” is not a valid domain: check the part after the @.") % {"domain": domain}
        ) from error


def _too_long(domain: str) -> str:
    words = gettext("A part of the domain “%(domain)s” is longer than %(most)d characters, as mail servers write it.")
    return words % {"domain": domain, "most": LONGEST_LABEL}
