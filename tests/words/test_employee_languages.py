"""What an AI employee says by itself exists in each of the languages that a workspace can choose."""

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext

from agents import phrases as of_agents
from channels import phrases as of_channels
from tenants.models import Language
from tests.words.unmarked import ROOT

PHRASES = {"agents": of_agents, "channels": of_channels}
ENGLISH, *OTHERS = (code for code, _ in settings.LANGUAGES)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


def catalogue(app: str, language: str) -> Path:
    return ROOT / app / "locale" / language / "LC_MESSAGES/django.po"


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], abort_invalid=True)


def test_a_workspace_has_the_languages_of_the_catalogues() -> None:
    assert [ENGLISH, *OTHERS] == [str(code) for code in Language.values]


@pytest.mark.parametrize("app", PHRASES)
def test_every_sentence_of_an_employee_is_listed(app: str) -> None:
    module: Any = PHRASES[app]
    lazy = [value for name, value in vars(module).items() if name.isupper() and isinstance(value, Promise)]

    assert lazy == list(module.SENTENCES)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("app", PHRASES)
def test_a_catalogue_has_an_employees_sentences_and_nothing_else(app: str, language: str) -> None:
    messages = {message.id: message for message in read(catalogue(app, language)) if message.id}

    assert set(messages) == {str(each) for each in PHRASES[app].SENTENCES}
    for message in messages.values():
        assert message.string not in {"", message.id}
        assert not message.fuzzy
        assert set(PLACEHOLDER.findall(str(message.string))) == set(PLACEHOLDER.findall(str(message.id)))


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("app", PHRASES)
def test_a_catalogue_is_compiled(app: str, language: str) -> None:
    source = catalogue(app, language)
    with source.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)

    assert texts(compiled) == texts(read(source)), f"pybabel compile -D django -d {app}/locale"


def texts(found: Catalog) -> dict[str, str]:
    """Without the header, which holds the time of compiling."""
    return {str(message.id): str(message.string) for message in found if message.id}


@pytest.mark.parametrize("app", PHRASES)
def test_there_is_no_catalogue_of_another_language(app: str) -> None:
    assert sorted(each.name for each in (ROOT / app / "locale").iterdir()) == sorted(OTHERS)


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_is_said_in_the_workspaces_language_and_everything_else_stays_english(language: str) -> None:
    said = of_agents.said(of_channels.APOLOGY, language)

    assert said == read(catalogue("channels", language)).get(str(of_channels.APOLOGY)).string  # type: ignore[union-attr]
    assert get_language() == settings.LANGUAGE_CODE == ENGLISH
    assert gettext("This field is required.") == "This field is required."
    assert str(of_channels.APOLOGY).startswith("Sorry, ")
