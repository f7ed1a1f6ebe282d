"""People with confirmed addresses, pages without hashed file names, and a product with a host name and a proxy."""

from collections.abc import Iterator

import pytest

from tenants.models import User
from tests.accounts.openid import Provider, running_provider
from tests.accounts.visitor import Visitor, confirmed
from tests.conftest import Cast
from tests.stack import Stack
from tests.waiting import free_ports


@pytest.fixture
def alice(cast: Cast) -> User:
    return confirmed(cast.alice)


@pytest.fixture
def visitor(alice: User) -> Visitor:
    """Alice, logged in."""
    visitor = Visitor()
    visitor.log_in(alice.email)
    assert visitor.is_logged_in
    return visitor


@pytest.fixture(scope="package")
def provider() -> Iterator[Provider]:
    """An OpenID provider that stands in for Google."""
    with running_provider() as provider:
        yield provider


@pytest.fixture(scope="package")
def named_stack(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A product at a host with a name, since browsers give passkeys to no others, behind one proxy, and with Google.

    It starts in an empty folder, like the first `make run`.
    """
    port = free_ports(3)
    google = {"GOOGLE_LOGIN_CLIENT_ID": "roster", "GOOGLE_LOGIN_CLIENT_SECRET": "s", "GOOGLE_LOGIN_URL": provider.url}
    extra = {"PUBLIC_URL": f"http://localhost:{port}", "TRUSTED_PROXIES": "1", **google}
    stack = Stack(tmp_path_factory.mktemp("accounts"), extra, port)
    stack.start()
    yield stack
    assert stack.stop() == 0
    stack.remove_database()
