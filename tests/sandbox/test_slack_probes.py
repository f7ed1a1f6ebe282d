"""Each fault of a connected Slack provoked at the sandbox's: the probe that fails, its state, and what it says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from channels.providers.shapes.health import History, Move, Result, State, Verb, shown
from channels.providers.shapes.sending import Account
from channels.providers.slack import Slack, own_app
from channels.providers.slack import probes as slack_probes
from tests.channels.serving import served
from tests.sandbox.conftest import Workspace

ID = UUID("0190a0a0-0000-7000-8000-000000000001")
AT = datetime(2026, 11, 27, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _api(workspace: Workspace, settings: Settings) -> None:
    settings.SLACK_API_URL = f"{workspace.sandbox.url}/slack/api/"


def probes(workspace: Workspace, token: str = "", **given: Any) -> dict[str, Result]:
    account = Account(token or workspace.facts["access_token"], workspace.bot)
    found = Slack().probes(account, History(ID, workspace.id, **given))
    return {each.probe.code.rpartition("probe_")[2]: each for each in found}


def told(result: Result) -> tuple[State, Move, Verb, bool, str]:
    return result.state, result.move, result.fix.verb, result.breaks, shown(result.seen)


def test_all_that_can_be_asked_passes(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_app, "SCOPES", ("chat:write",))  # the sandbox gives what its own manifest asks for
    found = probes(workspace, last_heard_at=AT)
    assert {name: each.state for name, each in found.items() if each.state is not State.PASSES} == {
        "round_trip": State.WARNS
    }
    assert shown(found["events"].seen) == "The last one came on 27 November 2026, 09:00."


def test_a_dead_token_silences_it(workspace: Workspace) -> None:
    found = probes(workspace, token="xoxb-gone")
    assert told(found["token"]) == (
        State.FAILS, Move.YOURS, Verb.RECONNECT, True, "Slack no longer lets Roster in (invalid_auth)."
    )  # fmt: skip
    assert shown(found["token"].means) == "Nobody who writes here gets an answer. Connect Slack again."


@pytest.mark.parametrize(("kind", "state"), [("503", State.WARNS), ("429", State.WARNS)])
def test_a_slack_that_does_not_answer_leaves_it_unknown(workspace: Workspace, kind: str, state: State) -> None:
    workspace.sandbox.slack("faults", method="auth.test", kind=kind, times=1)
    found = probes(workspace)
    assert (found["answers"].state, found["answers"].move) == (state, Move.THEIRS)
    assert (found["token"].state, found["token"].breaks) == (State.UNASKED, True)


@pytest.mark.parametrize(
    ("essential", "state", "means"),
    [
        ({"x:made-up"}, State.FAILS, "Without it people are not heard or not answered."),
        (set(), State.WARNS, "People are answered, but not everything works."),
    ],
)
def test_a_missing_permission_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, essential: set[str], state: State, means: str
) -> None:
    monkeypatch.setattr(own_app, "SCOPES", ("chat:write", "x:made-up"))
    monkeypatch.setattr(slack_probes, "ESSENTIAL", essential)
    found = probes(workspace)["scopes"]
    assert (found.state, found.move, found.fix.verb) == (state, Move.YOURS, Verb.RECONNECT)
    assert shown(found.seen) == "Slack did not give x:made-up."
    assert shown(found.means).startswith(means)


@pytest.mark.parametrize(
    ("code", "probe", "state", "seen"),
    [
        (
            "messages_tab_disabled", "messages_tab", State.FAILS,
            "On 27 November 2026, 09:00 Slack refused a direct message: the app's messages tab is off.",
        ),
        (
            "not_in_channel", "channels", State.WARNS,
            "On 27 November 2026, 09:00 Slack refused an answer in a channel (not_in_channel).",
        ),
    ],
)  # fmt: skip
def test_what_slack_refused_says_what_to_switch_on(
    workspace: Workspace, code: str, probe: str, state: State, seen: str
) -> None:
    assert told(probes(workspace, refused={code: AT})[probe]) == (state, Move.YOURS, Verb.OPEN, False, seen)


@pytest.fixture
def site(db: None, settings: Settings) -> Iterator[str]:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    with served() as url:
        settings.PUBLIC_URL = url
        yield url


def test_the_question_that_slack_asks_goes_round(workspace: Workspace, site: str, settings: Settings) -> None:
    settings.SLACK_SIGNING_SECRET = "0123456789abcdef0123456789abcdef"
    found = probes(workspace)["round_trip"]
    assert (found.state, found.seen.details["address"]) == (State.PASSES, f"{site}/webhooks/slack/events")
