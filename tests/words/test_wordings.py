"""Sentences that are stored: a code with parameters, worded when somebody reads them."""

from collections.abc import Iterator

import pytest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tenants.models.fields import ReasonField
from tenants.wordings import NOTHING, TOLD, WORDINGS, Reason, Wording, as_json, codes_saying, from_json


@pytest.fixture
def wording() -> Iterator[Wording]:
    made = Wording("tests.no_room", _("%(name)s has %(count)d seats."))
    yield made
    del WORDINGS["tests.no_room"]


@pytest.fixture
def counting() -> Iterator[Wording]:
    made = Wording(
        "tests.counted", ngettext_lazy("%(name)s has %(seats)d seat.", "%(name)s has %(seats)d seats.", "seats")
    )
    yield made
    del WORDINGS["tests.counted"]


def test_a_sentence_is_kept_as_code_and_parameters(wording: Wording) -> None:
    reason = wording(name="Ada", count=2)

    assert as_json(reason) == {"code": "tests.no_room", "details": {"name": "Ada", "count": 2}}
    assert str(from_json(as_json(reason))) == "Ada has 2 seats."


def test_what_is_counted_has_its_own_words_for_one(counting: Wording) -> None:
    assert [str(counting(name="Ada", seats=seats)) for seats in (1, 2)] == ["Ada has 1 seat.", "Ada has 2 seats."]


def test_sentences_are_found_by_their_words(wording: Wording, counting: Wording) -> None:
    def found(text: str) -> list[str]:
        return [code for code in codes_saying(text) if code.startswith("tests.")]

    assert found("HAS") == ["tests.no_room", "tests.counted"]
    assert found(" seat.") == ["tests.counted"]
    assert found("name") == codes_saying("2") == found("%") == []


def test_nothing_is_kept_as_nothing() -> None:
    assert as_json(NOTHING) == {}
    assert from_json({}) == NOTHING
    assert not NOTHING
    assert str(NOTHING) == ""


def test_a_code_of_another_version_stands_for_itself() -> None:
    assert str(Reason("agents.newer", {"a": 1})) == "agents.newer"


def test_a_missing_parameter_shows_where_the_sentence_is_made(wording: Wording) -> None:
    with pytest.raises(KeyError, match="count"):
        wording(name="Ada")


def test_a_translated_text_is_no_parameter() -> None:
    with pytest.raises(TypeError, match="keep a code instead"):
        TOLD(text=_("Paused"))  # type: ignore[arg-type]


def test_two_sentences_cannot_have_one_code(wording: Wording) -> None:
    with pytest.raises(ValueError, match=r"tests\.no_room"):
        Wording("tests.no_room", _("Something else."))


def test_what_postgres_cannot_store_is_replaced() -> None:
    assert str(TOLD(text="a\0b\ud800")) == "a\ufffdb?"


def test_a_plain_sentence_is_refused_by_the_field() -> None:
    field = ReasonField(name="reason")

    with pytest.raises(TypeError, match="not a sentence"):
        field.get_prep_value("It did not work.")
