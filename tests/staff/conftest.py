"""Staff, in real transactions: the admin uses a separate connection, which sees only committed rows."""

import pytest

from tests.conftest import Cast
from tests.staff.people import Person, make_staff, person


@pytest.fixture
def staff(committed_cast: Cast) -> Person:
    """Support staff, logged in with the second step."""
    return make_staff()


@pytest.fixture
def superuser(committed_cast: Cast) -> Person:
    """A superuser, logged in with the second step."""
    return make_staff("root@roster.example", is_superuser=True)


@pytest.fixture
def alice(committed_cast: Cast) -> Person:
    """Acme's owner, logged in."""
    owner = person(committed_cast.alice)
    owner.log_in()
    return owner


@pytest.fixture
def bob(committed_cast: Cast) -> Person:
    """Globex's owner, logged in."""
    owner = person(committed_cast.bob)
    owner.log_in()
    return owner
