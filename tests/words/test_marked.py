"""Every sentence that people read goes through gettext."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.words import unmarked
from tests.words.unmarked import APPS, ROOT

NOT_FOR_PEOPLE = {
    "agents/runs/context.py": "only the LLM reads it",
    "agents/runs/prompt.py": "only the LLM reads it",
    "agents/web/checks.py": "the doctor's, on the console",
    "billing/stripe/endpoint.py": "what `manage.py setup_stripe` says on the console",
    "billing/stripe/events.py": "answers to Stripe's webhook, in the log",
    "billing/stripe/setup.py": "what `manage.py setup_stripe` says on the console",
    "billing/web/checks.py": "the doctor's, on the console",
    "billing/web/webhooks.py": "answers to Stripe's webhook, in the log",
    "channels/providers/slack/incoming/": "notes for the LLM, and errors for whoever sends events",
    "channels/providers/slack/doctor.py": "the doctor's, on the console",
    "channels/providers/whatsapp/doctor.py": "the doctor's, on the console",
    "channels/providers/whatsapp/incoming/": "notes for the LLM, and errors for whoever sends events",
    "channels/web/checks.py": "the doctor's, on the console",
    "channels/web/webhooks.py": "errors for whoever sends events",
    "config/api/": "the API's reference, which is in English",
    "config/broker.py": "an error that Celery reads",
    "config/checks.py": "the doctor's, on the console",
    "config/http/health.py": "what probes and alerts read",
    "config/http/logging.py": "the log",
    "config/http/scrubber.py": "the log",
    "config/datafolder.py": "what is wrong with the data folder: the console",
    "config/environment.py": "settings and their errors: the console",
    "config/local/": "what `make run` says on the console",
    "config/settings/": "settings and their errors: the console",
    "config/peers.py": "names of services, for whoever tries the product on one machine",
    "config/stripe_key.py": "settings and their errors: the console",
    "config/styleguide.py": "made-up examples for staff who build pages, in English as the docs are",
    "tenants/doctor/": "the doctor's, on the console",
    "tenants/guard.py": "refusals to start: the console",
    "tenants/http/schema.py": "the API's reference, which is in English",
    "tenants/row_level_security.py": "what `manage.py migrate` says on the console",
}
"""Modules (or folders) whose sentences are not marked, each with its reason."""

FOLDERS_NOT_FOR_PEOPLE = {"styleguide": "made-up examples for staff who build pages, in English as the docs are"}
"""Folders of templates whose sentences are not marked. The partials that they include are marked, as for every page."""


def modules(app: str) -> list[Path]:
    skipped = ("/migrations/", "/management/", *(f"/{name}" for name in NOT_FOR_PEOPLE))
    return [
        path
        for path in sorted((ROOT / app).rglob("*.py"))
        if not any(part in f"/{path.relative_to(ROOT)}" for part in skipped)
    ]


def templates() -> list[Path]:
    return sorted(
        path
        for folder in ("templates", *APPS)
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".html", ".txt"}
    )


def folder_of(path: Path) -> str:
    last = max(place for place, part in enumerate(path.parts) if part == "templates")
    inside = path.parts[last + 1 :]
    return inside[0] if len(inside) > 1 else "root"


@pytest.mark.parametrize("app", APPS)
def test_sentences_in_python_are_marked(app: str) -> None:
    found = [line for path in modules(app) for line in unmarked.in_python(path)]

    assert not found, "Mark these with gettext, or give the module a reason in NOT_FOR_PEOPLE:\n" + "\n".join(found)


@pytest.mark.parametrize("folder", sorted({folder_of(path) for path in templates()} - set(FOLDERS_NOT_FOR_PEOPLE)))
def test_sentences_in_templates_are_marked(folder: str) -> None:
    found = [line for path in templates() if folder_of(path) == folder for line in unmarked.in_template(path)]

    assert not found, "Mark these with translate or blocktranslate:\n" + "\n".join(found)


def test_scripts_hold_no_sentences() -> None:
    found = [line for path in sorted((ROOT / "static/js").glob("*.js")) for line in unmarked.in_javascript(path)]

    assert not found, "Take these from the page, where they are marked:\n" + "\n".join(found)


Finder = Callable[[Path], Iterator[str]]

UNMARKED: list[tuple[Finder, str, str]] = [
    (unmarked.in_python, "x.py", 'raise RefusedError("You cannot do this now.")'),
    (unmarked.in_python, "x.py", 'raise RefusedError(f"{name} has no seat.")'),
    (unmarked.in_python, "x.py", 'message = _(f"{name} has no seat.")'),
    (unmarked.in_python, "x.py", 'field = CharField(label="Name")'),
    (unmarked.in_python, "x.py", 'class State(TextChoices):\n    DONE = "done", "Done"'),
    (unmarked.in_python, "x.py", 'WORDS = {"a": "The subscription let nobody work."}'),
    (
        unmarked.in_python,
        "api.py",
        'REFUSED = "The role is too low."\nproblem(403, REFUSED)\nraise PermissionDenied(REFUSED)',
    ),
    (unmarked.in_template, "x.html", "<h1>Channels</h1>"),
    (unmarked.in_template, "x.html", '<input aria-label="Search">'),
    (unmarked.in_template, "x.html", "<p>{{ count }} seat{{ count|pluralize }}</p>"),
    (unmarked.in_template, "x.html", '{% include "button.html" with words="Add a card" %}'),
    (unmarked.in_template, "x.html", '{% confirm "cancel" url _("Cancel it?") "Cancel it" stay=_("Keep it") %}'),
    (unmarked.in_template, "x.html", '{{ name|default:"Nobody yet" }}'),
    (unmarked.in_template, "x.txt", "Hello {{ name }}"),
    (unmarked.in_javascript, "x.js", 'this.say("Try it again.");'),
]
MARKED: list[tuple[Finder, str, str]] = [
    (unmarked.in_python, "x.py", '"""A docstring of some words."""\nlog.info("Some words for %s.", name)'),
    (unmarked.in_python, "x.py", 'raise RefusedError(_("You cannot do this now."))'),
    (unmarked.in_python, "x.py", 'field = CharField(label=_("Name"), name="first_name")'),
    (unmarked.in_template, "x.html", '{% load i18n %}<h1 class="big title">{% translate "Channels" %} {{ name }}</h1>'),
    (
        unmarked.in_template,
        "x.html",
        "{% blocktranslate count n=n %}One{% plural %}{{ n }} seats{% endblocktranslate %}",
    ),
    (unmarked.in_python, "x.py", 'GRANTS = "LOGIN NOINHERIT"\nASKED = \'Bearer realm="Roster"\''),
    (unmarked.in_python, "x.py", 'def wake(task: "Task[Any, Any]") -> None: ...'),
    (unmarked.in_python, "api.py", 'extra = {"name": {"help_text": "How it introduces itself."}}'),
    (unmarked.in_python, "api.py", 'REFUSED = "The role is too low."\nwhat = problem(403, REFUSED)'),
    (unmarked.in_python, "x.py", 'DAY, HEADER = "j F Y, H:i", f"Bearer {key}"'),
    (unmarked.in_template, "x.html", '{% include "button.html" with words=_("Add a card") style="btn btn-plain" %}'),
    (unmarked.in_template, "x.html", '{% confirm "cancel" url _("Cancel it?") _("Cancel it") stay=_("Keep it") %}'),
    (unmarked.in_template, "x.html", "{% block width %}narrow{% endblock %}"),
    (unmarked.in_template, "x.html", '{{ at|date:"j F Y" }} Slack'),
    (unmarked.in_javascript, "x.js", '// Some words here.\nthis.say(this.dataset.failed, "btn-plain");'),
]


@pytest.mark.parametrize(("finder", "name", "source"), UNMARKED)
def test_an_unmarked_sentence_is_found(
    finder: Finder, name: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unmarked, "ROOT", tmp_path)
    (tmp_path / name).write_text(source)

    assert list(finder(tmp_path / name))


@pytest.mark.parametrize(("finder", "name", "source"), MARKED)
def test_a_marked_sentence_is_left_alone(
    finder: Finder, name: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unmarked, "ROOT", tmp_path)
    (tmp_path / name).write_text(source)

    assert list(finder(tmp_path / name)) == []
