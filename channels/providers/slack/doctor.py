"""The doctor's look at the platform's Slack app."""

from collections.abc import Iterator

import httpx
from django.conf import settings

from channels.providers.slack import credentials
from tenants.doctor.report import TIMEOUT_SECONDS, Finding, ok, problem, skipped

SLACK = "Slack app"
PAGE = "copy it from your Slack app's Basic Information page"
SHAPES = {f"SLACK_{name.upper()}": shape for name, shape in credentials.SHAPES.items()}


def findings() -> Iterator[Finding]:
    """Are the Slack app's credentials there and plausible, and does Slack answer?"""
    values = {name: getattr(settings, name) for name in SHAPES}
    if not any(values.values()):
        yield skipped(SLACK, "SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and SLACK_SIGNING_SECRET are not set: no Slack.")
        return
    wrong = [_fault(name, value) for name, value in values.items() if not SHAPES[name].fullmatch(value)]
    for sentence in wrong:
        yield problem(SLACK, sentence)
    if not wrong:
        yield ok(SLACK, "its three credentials are set and have the right shape.")
    yield _slack_answers()


def _fault(name: str, value: str) -> str:
    what = "is not set" if not value else f"has {len(value)} characters and not the shape of one"
    return f"{name} {what}: {PAGE}."


def _slack_answers() -> Finding:
    subject = "Slack's API"
    try:
        answer = httpx.post(f"{settings.SLACK_API_URL}api.test", timeout=TIMEOUT_SECONDS)
        is_slack = "ok" in answer.json()
    except httpx.HTTPError as error:
        return problem(
            subject, f"cannot be reached ({type(error).__name__}): check SLACK_API_URL and this machine's way out."
        )
    except ValueError:
        is_slack = False
    if not is_slack:
        return problem(subject, f"answers HTTP {answer.status_code} and not as Slack does: check SLACK_API_URL.")
    return ok(subject, "answers.")
