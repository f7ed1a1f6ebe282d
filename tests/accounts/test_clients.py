"""The client's address is the one our own proxies saw, never one that a client claims."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from tenants.clients import client_ip

PROXY = "10.0.0.1"
CLIENT = "203.0.113.7"
CLAIMED = "198.51.100.1"


def seen(rf: RequestFactory, forwarded: str | None, *, remote: str = PROXY) -> str:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return client_ip(rf.get("/", headers=headers, REMOTE_ADDR=remote))


def test_without_a_proxy_no_forwarding_header_is_trusted(rf: RequestFactory) -> None:
    assert seen(rf, CLAIMED, remote=CLIENT) == CLIENT


@pytest.mark.parametrize(
    ("proxies", "forwarded"),
    [
        (1, CLIENT),
        (1, f"{CLAIMED}, {CLIENT}"),
        (1, f"{CLAIMED},{CLAIMED},{CLIENT}"),
        (1, f"not an address, {CLIENT}"),
        (2, f"{CLIENT}, 10.0.0.2"),
        (2, f"{CLAIMED}, {CLIENT}, 10.0.0.2"),
        (1, f"{CLIENT}:51234"),
    ],
)
def test_what_the_outermost_proxy_saw_counts(
    rf: RequestFactory, settings: Settings, proxies: int, forwarded: str
) -> None:
    settings.TRUSTED_PROXIES = proxies

    assert seen(rf, forwarded) == CLIENT


@pytest.mark.parametrize(
    ("proxies", "forwarded"),
    [(1, None), (1, ""), (1, "unknown"), (1, f"{CLIENT}, "), (2, CLIENT), (2, f"{CLIENT}, unknown"), (1, "1.2.3.4.5")],
)
def test_a_chain_not_written_by_our_proxies_is_not_trusted(
    rf: RequestFactory, settings: Settings, proxies: int, forwarded: str | None
) -> None:
    settings.TRUSTED_PROXIES = proxies

    assert seen(rf, forwarded) == PROXY


@pytest.mark.parametrize(
    ("written", "address"),
    [("2001:DB8::1", "2001:db8::1"), ("[2001:db8::1]:443", "2001:db8::1"), ("::ffff:203.0.113.7", CLIENT)],
)
def test_an_address_has_one_spelling(rf: RequestFactory, settings: Settings, written: str, address: str) -> None:
    settings.TRUSTED_PROXIES = 1

    assert seen(rf, written) == address


def test_a_connection_without_an_address_still_counts_as_a_client(rf: RequestFactory) -> None:
    assert seen(rf, None, remote="") == "0.0.0.0"  # noqa: S104
