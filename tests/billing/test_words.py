"""Names in a sentence."""

import pytest

from billing.templatetags.billing import listed


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([], "nobody"),
        (["Maya"], "Maya"),
        (["Maya", "Leo"], "Maya and Leo"),
        (["Maya", "Leo", "Nora", "Otto"], "Maya, Leo, Nora and Otto"),
        (["Maya", "Leo", "Nora", "Otto", "Ida", "Finn"], "Maya, Leo, Nora, Otto and 2 more"),
    ],
)
def test_up_to_four_are_named_and_the_rest_is_counted(names: list[str], shown: str) -> None:
    assert listed(names, "nobody") == shown
