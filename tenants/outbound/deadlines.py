"""HTTP connections whose answers have a time at which they must have ended.

A time-out of a socket begins anew with each byte: who sends one every few seconds is waited for without end. Here the
whole answer, headers included, has to be there in time, for requests (Stripe's SDK, log-ins).
"""

import http.client
import io
import socket
import threading
import time
from functools import partial
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from tenants.outbound import patience


class _Incoming(io.RawIOBase):
    """What a peer sends, until `end`. Raises TimeoutError afterwards, also if something comes all the time."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        super().__init__()
        self._sock, self._end = sock, end
        self._raw: Any = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("The answer was not whole in time.")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)  # type: ignore[no-any-return]

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Source:
    """A socket as http.client.HTTPResponse takes it, which asks for nothing but a file to read."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock, self._end = sock, end

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock, self._end))


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, end: float, **kwargs: Any) -> None:
        super().__init__(_Source(sock, end), *args, **kwargs)  # type: ignore[arg-type]


class _Timed:
    """For connections of urllib3: the time-out that is set when an answer begins is for all of it."""

    timeout: Any
    response_class: Any

    def getresponse(self) -> Any:
        end = time.monotonic() + patience.left(float(self.timeout))
        self.response_class = partial(_Response, end=end)
        return super().getresponse()  # type: ignore[misc]


class _PoolConnection(_Timed, HTTPConnection):
    pass


class _SecurePoolConnection(_Timed, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _PoolConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecurePoolConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class Session(requests.Session):
    """Of requests: the seconds of a time-out to answer are for the whole answer, and each request has to have one."""

    def __init__(self) -> None:
        super().__init__()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        timeout = kwargs["timeout"]
        connect, answer = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        kwargs["timeout"] = (patience.left(connect), patience.left(answer))
        return super().request(*args, **kwargs)


class SharedSession:
    """A session for each thread, since one is not made for several."""

    def __init__(self) -> None:
        self._own = threading.local()

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """As requests.Session.request."""
        if not hasattr(self._own, "session"):
            self._own.session = Session()
        session: Session = self._own.session
        return session.request(*args, **kwargs)
