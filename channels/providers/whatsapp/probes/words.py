"""What the probes of a number are called, and say. Times come as ISO texts, in `at`."""

from django.utils.translation import gettext_lazy as _

from tenants.wordings import Wording

ANSWERS = Wording("whatsapp.probe_answers", _("Meta answers"))
TOKEN = Wording("whatsapp.probe_token", _("Access token"))
PERMISSIONS = Wording("whatsapp.probe_permissions", _("Permissions"))
NUMBER = Wording("whatsapp.probe_number", _("Number"))
QUALITY = Wording("whatsapp.probe_quality", _("Quality"))
LIMIT = Wording("whatsapp.probe_limit", _("New people a day"))
NAME = Wording("whatsapp.probe_name", _("Display name"))
ACCOUNT = Wording("whatsapp.probe_account", _("Account at Meta"))
PAYMENT = Wording("whatsapp.probe_payment", _("Payment at Meta"))
WEBHOOK = Wording("whatsapp.probe_webhook", _("Registered address"))
SUBSCRIPTION = Wording("whatsapp.probe_subscription", _("Subscription"))
TEMPLATES = Wording("whatsapp.probe_templates", _("Templates"))
REPORTED = Wording("whatsapp.probe_reported", _("Trouble at Meta"))

IN_TIME = Wording("whatsapp.answers_in_time", _("After %(seconds)s seconds."))
SILENT = Wording("whatsapp.answers_not", _("Meta did not answer: %(error)s"))
TRIED_AGAIN = Wording("whatsapp.answers_later", _("Answers to people wait, and go out as soon as Meta takes them."))
NOT_TOLD = Wording("whatsapp.not_told", _("Meta did not tell."))
NO_ACCOUNT = Wording(
    "whatsapp.no_account",
    _("Roster does not know the WhatsApp account of this number: connect it again to check this."),
)
NOBODY_ANSWERED = Wording("whatsapp.nobody_answered", _("Nobody who writes to this number gets an answer."))

TOKEN_FOREVER = Wording("whatsapp.token_forever", _("Meta accepts it. It does not expire."))
TOKEN_ACCEPTED = Wording("whatsapp.token_accepted", _("Meta accepts it."))
TOKEN_DEAD = Wording("whatsapp.token_dead", _("Meta does not accept it any more."))
TOKEN_EXPIRES = Wording("whatsapp.token_expires", _("It expires on %(at)s."))
TOKEN_TEMPORARY = Wording(
    "whatsapp.token_temporary",
    _("It is a temporary token. From then on nobody gets an answer here. A system user's token does not expire."),
)

ALL_THERE = Wording("whatsapp.permissions_there", _("%(scopes)s."))
MISSING = Wording("whatsapp.permissions_missing", _("The access token lacks %(scopes)s."))
CANNOT_SEND = Wording(
    "whatsapp.permissions_send", _("Meta takes no answers from us. Generate a new token, and tick it.")
)
CANNOT_MANAGE = Wording(
    "whatsapp.permissions_manage",
    _(
        "People are answered, but Roster cannot register its address or see templates. Generate a new token, and "
        "tick it."
    ),
)

REGISTERED = Wording("whatsapp.number_registered", _("Registered for sending: %(name)s."))
NOT_REGISTERED = Wording("whatsapp.number_not_registered", _("It is not registered for sending (%(status)s)."))
BLOCKED = Wording("whatsapp.number_blocked", _("Meta has blocked it (%(status)s)."))
LIMITED = Wording("whatsapp.number_limited", _("Meta limits it for now (%(status)s)."))
SOME_LATE = Wording("whatsapp.number_late", _("Some answers come late, or not at all."))

HIGH = Wording("whatsapp.quality_high", _("High. Meta lowers it when many people block you."))
MEDIUM = Wording("whatsapp.quality_medium", _("Medium: some people blocked or reported this number."))
LOW = Wording("whatsapp.quality_low", _("Low: many people blocked or reported this number."))
MAY_BE_LIMITED = Wording(
    "whatsapp.quality_limits",
    _("Meta may let it write to fewer people. Fewer messages that nobody asked for raise it."),
)
UP_TO = Wording("whatsapp.limit_up_to", _("Up to %(most)s. Who writes first does not count."))
UNLIMITED = Wording("whatsapp.limit_none", _("No limit."))

NAME_SHOWN = Wording("whatsapp.name_shown", _("“%(name)s” is approved."))
NAME_WAITS = Wording("whatsapp.name_waits", _("“%(name)s” is in review."))
NAME_WAITS_MEANS = Wording(
    "whatsapp.name_waits_means", _("Until then people see the number only. Meta usually takes 2 to 5 days.")
)
NAME_REFUSED = Wording("whatsapp.name_refused", _("Meta did not approve “%(name)s” (%(status)s)."))
NAME_REFUSED_MEANS = Wording(
    "whatsapp.name_refused_means", _("People see the number only. Choose another name at Meta.")
)

FREE = Wording("whatsapp.account_free", _("Nothing is restricted."))
RESTRICTED = Wording("whatsapp.account_restricted", _("Meta has restricted it: %(details)s"))
HELD = Wording("whatsapp.account_held", _("Meta limits sending: %(details)s"))
PAID = Wording("whatsapp.payment_fine", _("Meta reports no problem."))
UNPAID = Wording("whatsapp.payment_missing", _("Meta reports a problem with the payment method: %(details)s"))
UNPAID_REFUSED = Wording(
    "whatsapp.payment_refused", _("On %(at)s Meta refused a message because of the payment method.")
)

OUR_ADDRESS = Wording("whatsapp.webhook_ours", _("Meta sends this number's events to %(address)s."))
OTHER_ADDRESS = Wording("whatsapp.webhook_other", _("Meta sends this number's events to %(address)s, not to Roster."))
NO_ADDRESS = Wording("whatsapp.webhook_none", _("No address is registered at Meta for this number."))
NOTHING_ARRIVES = Wording("whatsapp.webhook_means", _("Nothing that people write to this number arrives."))
SUBSCRIBED = Wording("whatsapp.subscribed", _("The Meta app gets this account's events."))
NOT_SUBSCRIBED = Wording("whatsapp.not_subscribed", _("No Meta app gets this account's events."))

NO_TEMPLATES = Wording("whatsapp.templates_none", _("There are none."))
APPROVED = Wording("whatsapp.templates_approved", _("%(approved)s of %(all)s can be sent."))
HINDERED = Wording("whatsapp.templates_hindered", _("Paused, disabled or rejected: %(names)s."))
HINDERED_MEANS = Wording(
    "whatsapp.templates_means", _("More than 24 hours after they wrote, people cannot be written to with these.")
)
UNREPORTED = Wording("whatsapp.reported_nothing", _("None was reported within a week."))
REPORTED_AT = Wording("whatsapp.reported_at", _("Last on %(at)s: %(details)s"))
MAY_BE_LATE = Wording("whatsapp.reported_means", _("Messages of that time may have come late, or not at all."))
