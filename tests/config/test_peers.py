"""The doctor and the portal's banner say which services are played and which are real."""

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from pytest_django import Settings

from config import checks
from tenants.doctor.report import Finding, State
from tenants.web.context import portal

PAGES = {"mail": {"title": "Mail", "url": "http://127.0.0.1:8001/mail/"}}


def playing(settings: Settings, *names: str, real: str = "") -> None:
    settings.SANDBOX = frozenset(names)
    settings.SANDBOX_PLAYED, settings.SANDBOX_REAL = ", ".join(names), real
    settings.REAL_PEERS = {"llm"} if real else set()


@pytest.mark.parametrize(
    ("names", "real", "public_url", "finding"),
    [
        ([], "", "https://a.example", (State.OK, "plays nothing: every outside service is the real one.")),
        (["slack", "mail"], "the LLM", "http://127.0.0.1", (State.OK, "plays slack, mail. Real: the LLM.")),
        (["mail"], "", "https://a.io", (State.WARNING, "plays mail. Before people use https://a.io, set SANDBOX=0.")),
    ],
)  # fmt: skip
def test_the_doctor_says_what_is_played(
    settings: Settings, names: list[str], real: str, public_url: str, finding: tuple[State, str]
) -> None:
    playing(settings, *names, real=real)
    settings.PUBLIC_URL = public_url
    state, text = finding
    assert list(checks.sandbox()) == [Finding("Sandbox", state, text)]


def test_only_real_providers_need_a_public_address(settings: Settings) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    playing(settings, "slack", "stripe")
    assert [each.state for each in checks.addresses()] == [State.OK]
    playing(settings, "stripe", "llm", "mail")
    assert [each.state for each in checks.addresses()] == [State.PROBLEM, State.PROBLEM]


def banner(rf: RequestFactory) -> str:
    return render_to_string("partials/sandbox.html", portal(rf.get("/")))


def test_the_banner_says_what_is_played_and_what_is_real(settings: Settings, rf: RequestFactory) -> None:
    playing(settings, "slack", "mail", real="the LLM")
    settings.SANDBOX_PAGES = PAGES
    shown = banner(rf)
    assert "Sandbox: this machine stands in for Slack and email. Real: the LLM." in shown
    assert '<a href="http://127.0.0.1:8001/mail/">Mail</a>' in shown
    playing(settings, "slack")
    assert "Real:" not in banner(rf)


def test_there_is_no_banner_if_nothing_is_played(settings: Settings, rf: RequestFactory) -> None:
    playing(settings, real="the LLM")
    assert banner(rf).strip() == ""
