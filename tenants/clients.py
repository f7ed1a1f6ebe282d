"""The address of a request's client, behind proxies too."""

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

NOBODY = "0.0.0.0"  # noqa: S104 - what stands for "unknown" where an address is required; nothing binds to it


def client_ip(request: HttpRequest) -> str:
    """The client's address, as the outermost of our own proxies (settings.TRUSTED_PROXIES of them) saw it.

    Each proxy adds, at the end of X-Forwarded-For, the address that spoke to it: with n trusted proxies the last n
    entries are true, and anything before them is what the client claims. A chain that is too short, or is not made of
    addresses, did not come through our proxies: then the address of the connection counts.
    """
    connected = _address(request.META.get("REMOTE_ADDR", "")) or NOBODY
    proxies: int = settings.TRUSTED_PROXIES
    if not proxies:
        return connected
    chain = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")[-proxies:]
    addresses = [_address(entry) for entry in chain]
    if len(chain) < proxies or not all(addresses):
        return connected
    return addresses[0] or connected


def network_of(address: str) -> str:
    """What rate limits count by: an IPv4 address, or the /64 of an IPv6 one, all of which one client may use."""
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if ":" in address else address


@lru_cache(maxsize=4_096)
def _address(text: str) -> str:
    """An IP address in its canonical form, without a port; empty if the text is not one."""
    bare, _ = split_domain_port(text.strip())
    for candidate in (text.strip(), bare.strip("[]")):
        try:
            address = ipaddress.ip_address(candidate)
        except ValueError:
            continue
        mapped = getattr(address, "ipv4_mapped", None)
        return str(mapped or address)
    return ""
