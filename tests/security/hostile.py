"""Hostile input: the paths, queries and bodies that scanners try."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=edge"
JSON = "application/json"
EVIL = ("//evil.example", r"\\evil.example", "https:evil.example", "https://evil.example/x", "javascript:alert(1)")
EVIL_ENCODED = (
    "%2F%2Fevil.example",
    "/%5Cevil.example",
    "/%09/evil.example",
    "%68ttps://evil.example",
    "/%2e%2e//evil.example",
)
NAMES = (
    *("page", "page_size", "cursor", "from", "to", "since", "until", "state", "status", "q", "search", "code", "error"),
    *("format", "agent", "employee", "channel", "actor", "action", "token", "process", "id", "days", "sort", "order"),
)
QUERY_VALUES = (
    *("%00", "%FF%FE", "%ED%A0%80", "-1", "0", "99999999999999999999999", "1e999", "NaN", "0000-00-00", "2026-13-45"),
    *("%27%20OR%201=1--", "%F0%9F%92%A9", "%25s%25n", "..%2F..%2Fetc%2Fpasswd", "x" * 5000, "9999-12-31", "0001-01-01"),
)
ARGUMENTS = (
    "%00",
    "%FF",
    "%ED%A0%80",
    "x" * 3000,
    "..%2F..",
    "%2F%2Fevil.example",
    "0",
    "-1",
    "9" * 40,
    "%F0%9F%92%A9",
)
FIELD_VALUES = ("\0", "x\0y", "x" * 20_000, "9" * 400, "-1", "\u202e\u0301", "1e999", "<script>alert(1)</script>")
JSON_VALUES: tuple[Any, ...] = (
    *FIELD_VALUES,
    "\ud800",
    None,
    True,
    -1,
    10**30,
    1e300,
    [],
    {},
    [[]],
    {"a": {"b": "\0"}},
    ["\0"],
)


@dataclass(frozen=True)
class Sent:
    """One request: method, query, and body."""

    method: str
    query: str = ""
    body: bytes = b""
    content_type: str = URLENCODED
    headers: dict[str, str] = field(default_factory=dict)


def queries() -> Iterator[Sent]:
    """GETs with every value for each parameter that any page reads, and redirects to other sites."""
    for value in QUERY_VALUES:
        yield Sent("GET", "&".join(f"{name}={value}" for name in NAMES))
    for target in (*EVIL, *EVIL_ENCODED):
        yield Sent("GET", redirects_to(target))
    yield Sent("GET", "&".join(f"a{number}=1" for number in range(1500)))
    yield Sent("GET", "%00=1&&&=&=%")


def redirects_to(target: str) -> str:
    """A query that requests a redirect to `target` under each parameter name that frameworks use."""
    return "&".join(
        f"{name}={target}" for name in ("next", "redirect_to", "return_to", "url", "continue", "redirect_uri")
    )


def bodies() -> Iterator[Sent]:
    """POSTs with malformed bodies."""
    yield Sent("POST", body=b"a=%00&email=%00&%00=b")
    yield Sent("POST", body=b"a=\xff\xfe&b=%FF%FE&c=%ED%A0%80")
    yield Sent("POST", body=b"&".join(b"a%d=1" % number for number in range(1500)))
    yield Sent("POST", body=b"a=" + b"x" * (3 * 1024 * 1024))
    yield Sent("POST", body=b"--edge\r\nnonsense", content_type=MULTIPART)
    yield Sent("POST", body=b"x", content_type="multipart/form-data")
    yield Sent("POST", body=b"\xff\xfe", content_type="text/plain; charset=utf-7")
    for charset in ("nonsense", "hex", "undefined", "idna", "utf-16", "unicode_escape", "zlib_codec", "\u00fctf-8"):
        yield Sent("POST", body=b"a=1", content_type=f"{URLENCODED}; charset={charset}")
    for target in EVIL:
        yield Sent("POST", redirects_to(target), body=redirects_to(target).encode())
    for text in (
        b"{",
        b"null",
        b'"x"',
        b"[]",
        b"[1]",
        b"{}",
        b"\xff",
        b'{"a": 1e999}',
        b"[" * 100_000,
        b"9" * 10_000,
        b"NaN",
    ):
        yield Sent("POST", body=text, content_type=JSON)
    yield Sent("POST", body=b'{"name": "\\u0000", "\\ud800": "\\ud800"}', content_type=JSON)


def methods() -> Iterator[Sent]:
    for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X"):
        yield Sent(method, body=b"{}", content_type=JSON)
    yield Sent("GET", headers={"Accept": "\x7f/*;q=x", "Accept-Language": "x" * 5000, "Cookie": "sessionid=%00; =;;"})
    yield Sent("GET", headers={"Authorization": "Bearer \u00e9", "Roster-Workspace": "x" * 5000, "HX-Request": "true"})
    yield Sent("POST", headers={"Content-Length": "x", "Idempotency-Key": "k" * 5000})


def forms(names: list[str]) -> Iterator[Sent]:
    """A page's own form with the same hostile value in every field."""
    for value in FIELD_VALUES:
        body = "&".join(f"{name}={_quoted(value)}" for name in names)
        yield Sent("POST", body=body.encode())


def documents(names: list[str]) -> Iterator[Sent]:
    """An operation's own fields, each with the same hostile value."""
    for method in ("POST", "PATCH", "PUT"):
        for value in JSON_VALUES:
            yield Sent(method, body=json.dumps(dict.fromkeys(names, value)).encode(), content_type=JSON)


def _quoted(value: str) -> str:
    return "".join(f"%{byte:02X}" for byte in value.encode()) if len(value) < 50 else value
