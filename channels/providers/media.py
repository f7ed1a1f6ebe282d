"""How a provider hands over the files that people send: in pieces, from its own hosts only, and bounded.

An address in an event comes from outside. So nothing is asked of any host but the provider's own, which settings name,
no redirect is followed, and a token goes nowhere else.
"""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Protocol, runtime_checkable

import httpx
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels.providers.base import DeliveryNotNowError, DeliveryRefusedError
from channels.providers.shapes.files import InboundFile
from channels.providers.shapes.sending import Account
from tenants.wordings import Wording

CONNECT_SECONDS = 4.0
READ_SECONDS = 10.0
FETCH_SECONDS = 120.0
"""No file takes longer, from end to end."""
LATER_SECONDS = 5.0

GONE = Wording("media.gone", _("The file is no longer there."))
NOT_THERE = Wording("media.elsewhere", _("The file is on another server, from which Roster fetches nothing."))
REFUSED = Wording("media.refused", _("The file was not handed over (HTTP %(status)s)."))
BROKE_OFF = Wording("media.broke_off", _("The file did not arrive as a whole."))
NOT_NOW = Wording("media.not_now", _("The file could not be fetched."))
TOO_LARGE = Wording("media.too_large", _("The file is larger than %(most)s, so it was not kept."))
GONE_STATUSES = {404, 410}
LATER_STATUSES = {408, 425, 429}


class FileTooLargeError(DeliveryRefusedError):
    """More bytes than allowed, by the answer's own headers or by what came."""


class FileNotNowError(DeliveryNotNowError):
    """It was not handed over, but may be later. most_tries: after so many in all it counts as lost."""

    def __init__(self, most_tries: int = 5, retry_after: float = LATER_SECONDS) -> None:
        super().__init__(NOT_NOW(), retry_after)
        self.most_tries = most_tries


@runtime_checkable
class BringsFiles(Protocol):
    """A provider whose messages have `InboundMessage.files`."""

    def fetch(self, account: Account, file: InboundFile, most_bytes: int) -> Generator[bytes, None, None]:
        """The file's content in pieces, at most so many bytes, within FETCH_SECONDS. Hold no transaction around it.

        Raises FileTooLargeError, FileNotNowError, and what `Provider.post` raises, also between two pieces.
        """
        ...


def is_at(url: str, base: str) -> bool:
    """Is this address on the host of this base address? By scheme, host and port, without any name or password."""
    try:
        asked, allowed = httpx.URL(url), httpx.URL(base)
    except (httpx.InvalidURL, UnicodeError, TypeError, ValueError):
        return False
    if asked.userinfo or not asked.host:
        return False
    return (asked.scheme, asked.host, _port(asked)) == (allowed.scheme, allowed.host, _port(allowed))


@contextmanager
def download(url: str, base: str, token: str, most_bytes: int) -> Iterator["Download"]:
    """Ask for a file, with the token, if its address is at `base`; no redirect is followed.

    Raises DeliveryRefusedError and FileNotNowError.
    """
    if not is_at(url, base):
        raise DeliveryRefusedError(NOT_THERE())
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
    end = time.monotonic() + FETCH_SECONDS
    try:
        with _client().stream("GET", url, headers=headers) as answer:
            yield Download(answer, most_bytes, end)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
        raise FileNotNowError from error


class Download:
    """An answer that begins to arrive."""

    def __init__(self, answer: httpx.Response, most_bytes: int, end: float) -> None:
        self._answer, self._most, self._end = answer, most_bytes, end

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._answer.status_code

    @property
    def content_type(self) -> str:
        """What the answer says it is, without parameters."""
        return _header(self._answer.headers, "content-type").partition(";")[0].strip().lower()

    def pieces(self) -> Iterator[bytes]:
        """The content. Raises DeliveryRefusedError, FileTooLargeError and FileNotNowError."""
        self._check()
        length, came = _header(self._answer.headers, "content-length"), 0
        declared = int(length) if length.isascii() and length.isdecimal() and len(length) < 16 else None
        if declared is not None and declared > self._most:
            raise too_large(self._most)
        for piece in self._answer.iter_raw():
            came += len(piece)
            if came > self._most:
                raise too_large(self._most)
            if time.monotonic() > self._end:
                raise FileNotNowError
            yield piece
        if declared is not None and came != declared:
            raise FileNotNowError

    def _check(self) -> None:
        if self.status in GONE_STATUSES:
            raise DeliveryRefusedError(GONE(), code=str(self.status))
        if self.status in LATER_STATUSES or self.status >= 500:
            raise FileNotNowError
        if self.status != 200:
            raise DeliveryRefusedError(REFUSED(status=self.status), code=str(self.status))
        if _header(self._answer.headers, "content-encoding") not in {"", "identity"}:
            raise DeliveryRefusedError(BROKE_OFF())  # a small answer that unpacks to a huge file


def too_large(most_bytes: int) -> FileTooLargeError:
    """The error for a file of more than so many bytes."""
    return FileTooLargeError(TOO_LARGE(most=megabytes(most_bytes)))


def megabytes(size: int) -> str:
    """A size as people read it: 5 MB, 0.5 MB."""
    return gettext("%(size)s MB") % {"size": f"{size / 1_000_000:.1f}".removesuffix(".0")}


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name, "").strip()


def _port(url: httpx.URL) -> int | None:
    return url.port or {"http": 80, "https": 443}.get(url.scheme)


@cache
def _client() -> httpx.Client:
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    return httpx.Client(timeout=timeout, follow_redirects=False, limits=httpx.Limits(max_keepalive_connections=0))
