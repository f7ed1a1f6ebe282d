"""What goes wrong at an LLM provider, in sentences that can be stored. %(provider)s is its name as people know it."""

from django.utils.translation import gettext_lazy as _

from tenants.wordings import Wording

OURS = Wording("llm.ours", _("An error on our side (%(error)s): its details are in the log."))
NO_KEY = Wording(
    "llm.no_key", _("This installation has no key for %(provider)s: choose another provider, or set %(setting)s.")
)
TIMED_OUT = Wording("llm.timed_out", _("%(provider)s did not answer within %(seconds)s s."))

TOO_LONG = Wording("llm.too_long", _("%(provider)s cannot read a conversation this long: shorten the instructions."))
DISABLED = Wording("llm.disabled", _("%(provider)s disabled this organisation: ask them why."))
NO_CREDIT = Wording(
    "llm.no_credit",
    _("The %(provider)s account is out of credit or has reached its limit: top it up or raise the limit there."),
)
ABROAD = Wording("llm.abroad", _("%(provider)s cannot be used from this server's country."))
BUSY = Wording("llm.busy", _("%(provider)s cannot answer right now."))
BUSY_FOR_LONG = Wording(
    "llm.busy_for_long", _("%(provider)s cannot answer right now. It asks for a pause of %(seconds)s s.")
)
WRONG_KEY = Wording("llm.wrong_key", _("%(provider)s does not accept the API key: check the key and its permissions."))
NO_MODEL = Wording(
    "llm.no_model", _("%(provider)s does not know this model, or the key may not use it: choose another.")
)
NOT_PERMITTED = Wording(
    "llm.not_permitted",
    _("%(provider)s accepts the API key, but it may not use this: check the key's permissions."),
)
REJECTED = Wording("llm.rejected", _("%(provider)s rejects the request (HTTP %(status)s)."))
REPORTED = Wording("llm.reported", _("%(provider)s reports an error."))

UNREACHABLE = Wording("llm.unreachable", _("%(provider)s cannot be reached."))
CUT_OFF = Wording("llm.cut_off", _("The connection to %(provider)s broke before its answer."))
REDIRECTED = Wording("llm.redirected", _("%(provider)s cannot be reached: HTTP %(status)s leads elsewhere."))
WEB_PAGE = Wording(
    "llm.web_page", _("%(provider)s has trouble: it sent a web page instead of an answer (HTTP %(status)s).")
)
COMPRESSED = Wording("llm.compressed", _("%(provider)s sent a compressed answer, though none was asked for."))
TOO_LARGE = Wording("llm.too_large", _("%(provider)s sent more than any answer can be (%(bytes)s bytes)."))

NO_ANSWER = Wording("llm.no_answer", _("%(provider)s sent something that is not an answer."))
ODD_ANSWER = Wording("llm.odd_answer", _("%(provider)s sent something that is not an answer (%(error)s)."))
UNREADABLE = Wording("llm.unreadable", _("%(provider)s sent an answer that cannot be read (%(error)s)."))
EMPTY_FRAME = Wording("llm.empty_frame", _("%(provider)s sent a response without an answer in it."))

NOTHING_SAID = Wording("llm.nothing_said", _("%(provider)s answered with nothing."))
CUT_AT_ONCE = Wording(
    "llm.cut_at_once",
    _("%(provider)s reached the limit of %(limit)s tokens before its first word: give the employee a higher limit."),
)
DECLINED = Wording("llm.declined", _("%(provider)s's model declined to answer."))
FILTERED = Wording("llm.filtered", _("%(provider)s's content filter held the answer back."))
