"""A connection as the channels page shows it: what is wrong first, whose move it is, one button each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.models import Agent
from agents.web import presence as agents_presence
from agents.web.team import Silence
from billing.web.links import Way
from channels.models import Connection, Probe
from channels.providers.registry import installed
from channels.providers.shapes.health import Move, State, Verb, shown
from channels.web import presence
from channels.web.presence import Loss
from tenants.http.middleware import Workspace
from tenants.permissions import Permission
from tenants.wordings import Reason

OPEN = (State.FAILS, State.WARNS, State.WAITS)
EMPLOYEE = "channels.probe_employee"


@dataclass(frozen=True)
class Badge:
    """A state in a word or two; never color alone."""

    words: str
    tone: str = ""
    icon: str = "circle-dashed"


@dataclass(frozen=True)
class Line:
    """One probe. button: a link, if it has one; mends: its button registers our address again."""

    key: str
    title: str
    state: State
    seen: str
    means: str = ""
    move: Move = Move.NOBODYS
    whose: str = ""
    fix: Verb = Verb.NONE
    is_yours: bool = False
    button: Way | None = None
    leaves: bool = False
    mends: bool = False
    since: datetime | None = None

    @property
    def badge(self) -> Badge:
        return {
            State.FAILS: Badge(_("Fails"), "bad", "circle-alert"),
            State.WARNS: Badge(_("Warning"), "warn", "triangle-alert"),
            State.WAITS: Badge(_("Waits"), "warn", "clock"),
            State.UNASKED: Badge(_("Not known")),
            State.PASSES: Badge(_("Passes"), "ok", "check"),
        }[self.state]


@dataclass(frozen=True)
class Card:
    """A connection with its probes. answers: who gets new conversations there."""

    connection: Connection
    answers: Agent | None
    loss: Loss | None
    lines: Sequence[Line]
    checked_at: datetime | None

    @property
    def title(self) -> str:
        its = installed(self.connection.provider)
        told = {"channel": its.label if its else self.connection.provider.title(), "name": self.connection.name}
        return _("%(channel)s, %(name)s") % told

    @property
    def wrong(self) -> Sequence[Line]:
        """What somebody has to do something about, the worst first."""
        return [each for state in OPEN for each in self.lines if each.state is state]

    @property
    def fine(self) -> Sequence[Line]:
        return [each for each in self.lines if each.state is State.PASSES]

    @property
    def unknown(self) -> Sequence[Line]:
        return [each for each in self.lines if each.state is State.UNASKED]

    @property
    def is_open(self) -> bool:
        """Does it need somebody?"""
        return bool(self.wrong) or self.connection.state == Connection.State.BROKEN

    @property
    def needs_words(self) -> bool:
        """Is it lost, and no probe says why?"""
        return self.loss is not None and not self._has(State.FAILS)

    @property
    def tone(self) -> str:
        if self.connection.state == Connection.State.DISCONNECTED or not self.lines:
            return ""
        if self.connection.state == Connection.State.BROKEN or self._has(State.FAILS):
            return "bad"
        return "warn" if self.wrong else "ok"

    @property
    def rank(self) -> int:
        """The order on the page: broken, failing, warning, fine, disconnected."""
        if self.connection.state == Connection.State.DISCONNECTED:
            return 4
        return 0 if self.connection.state == Connection.State.BROKEN else ("bad", "warn", "ok", "").index(self.tone)

    @property
    def badge(self) -> Badge:
        """The connection in a few words."""
        if self.connection.state == Connection.State.DISCONNECTED:
            return Badge(_("Disconnected"), "", "unplug")
        if self.connection.state == Connection.State.BROKEN:
            return Badge(self._silent(), "bad", "circle-alert")
        if not self.checked_at:
            return Badge(_("Not checked yet"))
        return self._counted()

    def _silent(self) -> str:
        lost = self.connection.lost_at
        return (
            _("Silent since %(since)s") % {"since": date_format(localtime(lost), "j F, H:i")} if lost else _("Silent")
        )

    def _counted(self) -> Badge:
        if self.wrong:
            count = len(self.wrong)
            words = ngettext("%(count)d needs attention", "%(count)d need attention", count) % {"count": count}
            return Badge(words, self.tone, "circle-alert" if self.tone == "bad" else "triangle-alert")
        count = len(self.fine)
        if self.unknown:
            return Badge(ngettext("%(count)d passes", "%(count)d pass", count) % {"count": count}, "ok", "check")
        return Badge(_("All %(count)d pass") % {"count": count}, "ok", "check")

    def _has(self, state: State) -> bool:
        return any(each.state is state for each in self.lines)


def cards_of(workspace: Workspace, connections: Iterable[Connection]) -> list[Card]:
    """A page's connections, those that need somebody first. Inside the scope."""
    found = list(connections)
    probes: dict[UUID, list[Probe]] = {}
    for probe in Probe.objects.filter(connection__in=found).order_by("position"):
        probes.setdefault(probe.connection_id, []).append(probe)
    silences = _silences(workspace) if probes else {}
    made = [_card(workspace, each, probes.get(each.id, []), silences) for each in found]
    return sorted(made, key=lambda each: each.rank)


def _silences(workspace: Workspace) -> Mapping[UUID, Silence | None]:
    """Why employees are silent: of the first of the team, in so many statements however many there are."""
    return {row.agent.id: row.silence for row in agents_presence.look(workspace).rows}


def _card(
    workspace: Workspace, connection: Connection, probes: Sequence[Probe], silences: Mapping[UUID, Silence | None]
) -> Card:
    answers = presence.who_answers(workspace, connection)
    loss = presence.loss_of(workspace, connection) if connection.state != Connection.State.ACTIVE else None
    if connection.state == Connection.State.DISCONNECTED:
        return Card(connection, answers, loss, [], None)
    lines = [_line(workspace, connection, each) for each in probes]
    employee = _employee(workspace, connection, answers, silences) if probes else None
    checked_at = max((each.checked_at for each in probes), default=None)
    return Card(connection, answers, loss, [*lines, *([employee] if employee else [])], checked_at)


def _line(workspace: Workspace, connection: Connection, probe: Probe) -> Line:
    state = State(probe.state)
    may = workspace.allows(Permission.MANAGE_CHANNELS)
    button = _button(workspace, connection, probe) if may and state in OPEN else None
    return Line(
        probe.key,
        str(Reason(probe.key)),
        state,
        shown(probe.seen),
        shown(probe.means),
        Move(probe.move),
        _whose(connection, Move(probe.move), may=may),
        Verb(probe.fix),
        may and probe.move == Move.YOURS,
        button,
        leaves=probe.fix == Verb.OPEN,
        mends=may and state in OPEN and probe.fix == Verb.SUBSCRIBE,
        since=probe.since,
    )


def _button(workspace: Workspace, connection: Connection, probe: Probe) -> Way | None:
    if probe.fix == Verb.RECONNECT:
        return presence.again(workspace, connection)[1]
    if probe.fix == Verb.OPEN and probe.fix_url.startswith("https://"):
        its = installed(connection.provider)
        return Way(probe.fix_url, _("See it at %(channel)s") % {"channel": its.label if its else ""})
    return None


def _whose(connection: Connection, move: Move, *, may: bool) -> str:
    """Whose it is, for this reader."""
    if move is Move.YOURS:
        return _("Your move") if may else _("An operator's move")
    if move is Move.THEIRS:
        its = installed(connection.provider)
        return _("%(channel)s's move") % {"channel": its.label if its else connection.provider.title()}
    return _("Roster's move") if move is Move.OURS else _("Nobody's move")


def _employee(
    workspace: Workspace, connection: Connection, agent: Agent | None, silences: Mapping[UUID, Silence | None]
) -> Line | None:
    """Does whoever gets new conversations there answer? Looked up now, as everywhere else, and never stored."""
    title, may = _("AI employee"), workspace.allows(Permission.MANAGE_EMPLOYEES)
    if agent is None:
        seen = _("Nobody answers here: there is no AI employee yet.")
        return Line(EMPLOYEE, title, State.FAILS, seen, "", Move.YOURS, _("Your move"), is_yours=may)
    if agent.id not in silences:
        return None
    silence = silences[agent.id]
    if silence is None or silence.still_answers:
        return Line(EMPLOYEE, title, State.PASSES, _("%(name)s, on duty.") % {"name": agent.name})
    if connection.state == Connection.State.BROKEN and silence.is_shown_elsewhere:
        return None
    return Line(
        EMPLOYEE,
        title,
        State.FAILS,
        silence.what,
        silence.fix,
        Move.YOURS,
        _("Your move") if silence.way else "",
        is_yours=bool(silence.way),
        button=silence.way,
        since=silence.since,
    )
