"""What the portal's templates need beyond Django's own tags: form controls, request ids and readable numbers."""

from decimal import Decimal
from math import floor

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from tenants.http import errors

register = template.Library()

CENT = Decimal("0.01")
SMALLEST_SHOWN = Decimal("0.0001")


@register.simple_tag
def control(field: BoundField, autofocus: bool | str = False) -> SafeString:
    """A field's input without a placeholder, since its label is above it. Django ties hint and error to it.

    If there are errors, the focus belongs to their summary.
    """
    attrs: dict[str, str | bool] = {"placeholder": False, "autofocus": bool(autofocus) and not field.form.errors}
    return field.as_widget(attrs=attrs)


@register.filter
def label(field: BoundField) -> str:
    """A field's label; allauth's are reworded to match the rest of the portal."""
    ours = {
        _("Email"): _("E-mail address"),
        _("Current Password"): _("Current password"),
        _("New Password"): _("New password"),
        _("New Password (again)"): _("New password, again"),
        _("Password (again)"): _("Password, again"),
    }
    return ours.get(str(field.label), str(field.label))


@register.simple_block_tag(takes_context=True)
def confirm(
    context: template.Context,
    content: SafeString,
    act: str,
    action: str,
    title: str,
    verb: str,
    name: object = "",
    *,
    key: object = "",
    stay: str = "",
    **fields: object,
) -> SafeString:
    """The dialog of a destructive act, opened by `popovertarget="<act>"`, or `<act>-<key>` where there are several.

    Its button posts `fields` to `action`. The block says what happens. Title and verb take the thing's name at `{}`,
    shortened on the button. stay: what the other button says if "Cancel" could be mistaken for the act.
    """
    values = {
        "id": f"{act}-{key}" if key else act,
        "action": action,
        "title": title.format(name),
        "verb": verb.format(Truncator(str(name)).chars(24)),
        "consequence": content,
        "stay": stay or _("Cancel"),
        "fields": fields,
    }
    with context.push(**values):
        return template.Engine.get_default().get_template("partials/confirm.html").render(context)


@register.filter
def initials(name: object) -> str:
    """The first two letters of a name, for whoever has no picture."""
    return str(name or "")[:2].upper()


@register.simple_tag
def request_id() -> str:
    """This request's id in the logs."""
    return errors.request_id()


@register.filter
def usd(amount: Decimal | None) -> str:
    """USD with two decimals; four below a cent, since single answers are that cheap."""
    if amount is None:
        return ""
    if amount == 0 or abs(amount) >= CENT:
        return f"${amount:,.2f}"
    return (
        f"${amount:.4f}"
        if abs(amount) >= SMALLEST_SHOWN
        else _("less than %(amount)s") % {"amount": f"${SMALLEST_SHOWN}"}
    )


@register.filter
def compact(count: int) -> str:
    """A count in at most four digits: 950, 9,500, 44.4K, 17.3M."""
    if count < 10_000:
        return f"{count:,}"
    for unit, letter in ((1_000, "K"), (1_000_000, "M"), (1_000_000_000, "B")):
        figures = round(count / unit, 1)
        if figures < 1_000 or letter == "B":
            break
    return f"{figures:g}{letter}"


@register.filter
def share(part: Decimal, whole: Decimal | None) -> float:
    """Percent of a whole, rounded down to one decimal; never more than 100, as for a hard cap."""
    if not whole:
        return 100.0
    return floor(min(part / whole, Decimal(1)) * 1_000) / 10
