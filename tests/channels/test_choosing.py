"""Who gets a new conversation: by name, by place, by connection, by the order of seats."""

from uuid import uuid4

import pytest

from agents.models import Agent
from channels.routing.choosing import Called, Teammate, choose, named_in

ROSA, LEO, ROSA_MAY = (Called(uuid4(), name) for name in ("Rosa", "Leo", "Rosa May"))


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("Rosa, when do you open?", ROSA),
        ("rosa when do you open?", ROSA),
        ("@Rosa when?", ROSA),
        ("Hi Rosa! When?", ROSA),
        ("Hello, Leo", LEO),
        ("Leo", LEO),
        ("LEO: help", LEO),
        ("Guten Tag Leo, wann?", LEO),
        ("¡Hola Leo!", LEO),
        ("Rosa May, when?", ROSA_MAY),
        ("Rosalind said so", None),
        ("Rosa's cake is late", None),
        ("Is Leo there?", None),
        ("Hi there", None),
        ("Hire Leo", None),
        ("", None),
    ],
)
def test_the_first_words_name_whom_they_are_for(text: str, called: Called | None) -> None:
    assert named_in(text, [ROSA, LEO, ROSA_MAY]) == (called.id if called else None)


def test_who_works_alone_is_called_by_nobody() -> None:
    assert named_in("Rosa, when?", [ROSA]) is None


def mate(called: Called, *places: str, paused: bool = False) -> Teammate:
    from_then = {"paused_at": "2026-11-30"} if paused else {}
    return Teammate(Agent(id=called.id, tenant_id=uuid4(), name=called.name, **from_then), places)


@pytest.mark.parametrize(
    ("team", "text", "default", "expected"),
    [
        ([mate(ROSA), mate(LEO)], "Hello", None, "Rosa"),
        ([mate(ROSA), mate(LEO)], "Hello", LEO, "Leo"),
        ([mate(ROSA, "C1"), mate(LEO)], "Hello", LEO, "Rosa"),
        ([mate(ROSA, "C1"), mate(LEO)], "Leo, hello", None, "Leo"),
        ([mate(ROSA, "C2"), mate(LEO)], "Hello", LEO, "Leo"),
        ([mate(ROSA), mate(LEO, "C1", paused=True)], "Leo, hello", LEO, "Rosa"),
        ([mate(LEO, paused=True)], "Hello", None, "Leo"),
    ],
)
def test_name_then_place_then_connection_then_seats(
    team: list[Teammate], text: str, default: Called | None, expected: str
) -> None:
    found = choose(team, text, "C1", default.id if default else None)
    assert found is not None
    assert found.name == expected


def test_without_anybody_nobody_answers() -> None:
    assert choose([], "Rosa, hello", "C1", None) is None
