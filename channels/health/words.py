"""What the probes of our own records are called, and say. Times come as ISO texts, in `at`."""

from django.utils.translation import gettext_lazy as _

from tenants.wordings import Wording

COME_IN = Wording("channels.probe_come_in", _("Messages come in"))
GO_OUT = Wording("channels.probe_go_out", _("Answers go out"))
REACHED = Wording("channels.probe_reached", _("Not delivered"))
UNCLEAR = Wording("channels.probe_unclear", _("Unclear"))
BACKLOG = Wording("channels.probe_backlog", _("Waiting messages"))
CLOCK = Wording("channels.probe_clock", _("Clock"))
HOLDER = Wording("channels.probe_holder", _("Who has it"))
CREDENTIALS = Wording("channels.probe_credentials", _("Stored credentials"))
ALL = Wording("channels.probe_all", _("Checks at the provider"))

LAST_IN = Wording("channels.last_in", _("The last one came on %(at)s."))
NONE_IN = Wording("channels.none_in", _("Nobody has written within a week."))
LAST_OUT = Wording("channels.last_out", _("The last one went out on %(at)s."))
LAST_REACHED = Wording("channels.last_reached", _("The last one went out on %(at)s and was delivered."))
NONE_OUT = Wording("channels.none_out", _("There was nothing to answer within a week."))
ALL_FAILED = Wording("channels.all_failed", _("The last %(count)s answers were all refused, the newest on %(at)s."))
NOBODY_ANSWERED = Wording("channels.nobody_answered", _("Nobody who writes here gets an answer."))
ALL_DELIVERED = Wording("channels.all_delivered", _("None within a day."))
SOME_FAILED = Wording("channels.some_failed", _("%(failed)s of %(count)s answers within a day, the last on %(at)s."))
SOME_FAILED_MEANS = Wording(
    "channels.some_failed_means", _("These people got nothing. Their conversations say why, and what you can do.")
)
NOTHING_UNCLEAR = Wording("channels.nothing_unclear", _("Every answer within a day was confirmed."))
SOME_UNCLEAR = Wording("channels.some_unclear", _("%(count)s answers within a day were not confirmed."))
SOME_UNCLEAR_MEANS = Wording(
    "channels.some_unclear_means",
    _("Nobody knows whether these people got them. They are not sent twice by themselves."),
)
NO_BACKLOG = Wording("channels.no_backlog", _("Nobody waits for longer than usual."))
A_BACKLOG = Wording("channels.a_backlog", _("Somebody has been waiting since %(at)s."))
A_BACKLOG_MEANS = Wording(
    "channels.a_backlog_means", _("Answers come late. They are not lost: whoever runs this Roster has to look.")
)
IN_TIME = Wording("channels.clock_right", _("Ours agrees with the times of what people wrote."))
BEHIND = Wording("channels.clock_behind", _("Ours is %(seconds)s seconds behind the provider's."))
BEHIND_MEANS = Wording(
    "channels.clock_behind_means",
    _("With a larger difference, nothing that people write is accepted. Whoever runs this Roster has to set it."),
)
LATE = Wording("channels.clock_late", _("The last %(count)s messages came at least %(minutes)s minutes late."))
LATE_MEANS = Wording(
    "channels.clock_late_means", _("People wait, either for the provider or because our clock is wrong.")
)
NO_TIMES = Wording("channels.clock_unknown", _("Nobody has written within a week, so there is nothing to compare."))
OURS = Wording("channels.holder_ours", _("This workspace, and no other."))
OTHERS = Wording("channels.holder_other", _("Another connection of Roster has this account."))
OTHERS_MEANS = Wording(
    "channels.holder_other_means",
    _("What people write here goes there. Disconnect it there, then connect it again here."),
)
CLOSED = Wording("channels.credentials_closed", _("They cannot be opened: the key that sealed them is missing."))
CLOSED_MEANS = Wording(
    "channels.credentials_means",
    _("Nobody who writes here gets an answer. Whoever runs this Roster has to put it back."),
)
NOT_MADE = Wording("channels.checks_not_made", _("They stopped with %(error)s."))
