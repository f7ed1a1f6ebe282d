"""What the portal's templates need beyond Django's own: form controls, request ids and readable numbers."""

from decimal import Decimal
from math import floor

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from tenants.http import errors

register = template.Library()

CENT = Decimal("0.01")
SMALLEST_SHOWN = Decimal("0.0001")
LABELS = {
    "Email": "E-mail address",
    "Current Password": "Current password",
    "New Password": "New password",
    "New Password (again)": "New password, again",
    "Password (again)": "Password, again",
}


@register.simple_tag
def control(field: BoundField, autofocus: bool | str = False) -> SafeString:
    """A field's input without placeholder: its label stands above it. Hint and error are tied to it by Django.

    With errors the focus belongs to their summary.
    """
    attrs: dict[str, str | bool] = {"placeholder": False, "autofocus": bool(autofocus) and not field.form.errors}
    return field.as_widget(attrs=attrs)


@register.filter
def label(field: BoundField) -> str:
    """A field's label; allauth's are put as the rest of the portal is."""
    return LABELS.get(str(field.label), str(field.label))


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
    stay: str = "Cancel",
    **fields: object,
) -> SafeString:
    """The dialog of a destructive act: `popovertarget="<act>"`, or `<act>-<key>` where there are many, opens it.

    Its button posts `fields` to `action`. The block says the consequence. Title and verb take the thing's name at
    `{}`; on the button it is cut. stay: what the other button says, where "Cancel" could be taken for the act.
    """
    values = {
        "id": f"{act}-{key}" if key else act,
        "action": action,
        "title": title.format(name),
        "verb": verb.format(Truncator(str(name)).chars(24)),
        "consequence": content,
        "stay": stay,
        "fields": fields,
    }
    with context.push(**values):
        return template.Engine.get_default().get_template("partials/confirm.html").render(context)


@register.simple_tag
def request_id() -> str:
    """The id under which this request is in the logs."""
    return errors.request_id()


@register.filter
def usd(amount: Decimal | None) -> str:
    """USD with two decimals; below a cent as many as show something, since single answers are that cheap."""
    if amount is None:
        return ""
    if amount == 0 or abs(amount) >= CENT:
        return f"${amount:,.2f}"
    return f"${amount:.4f}" if abs(amount) >= SMALLEST_SHOWN else f"less than ${SMALLEST_SHOWN}"


@register.filter
def compact(count: int) -> str:
    """A count in at most four figures: 950, 9,500, 44.4K, 17.3M."""
    if count < 10_000:
        return f"{count:,}"
    for unit, letter in ((1_000, "K"), (1_000_000, "M"), (1_000_000_000, "B")):
        figures = round(count / unit, 1)
        if figures < 1_000 or letter == "B":
            break
    return f"{figures:g}{letter}"


@register.filter
def share(part: Decimal, whole: Decimal | None) -> float:
    """What part of a whole, in per cent, rounded down to a decimal; a hard cap never shows more than 100."""
    if not whole:
        return 100.0
    return floor(min(part / whole, Decimal(1)) * 1_000) / 10
