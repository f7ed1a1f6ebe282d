"""HTTP connections with a deadline for the whole answer.

A socket's time-out starts over with each byte, so a peer that sends one every few seconds is waited for without end.
Here the whole answer, headers included, has to arrive in time. For requests (Stripe's SDK, log-ins).
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
    """What a peer sends, until `end`. Raises TimeoutError after that, even if data keeps coming."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        super().__init__()
        self._sock, self._end = sock, end
        self._raw: Any = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("The answer was not complete in time.")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)  # type: ignore[no-any-return]

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Source:
    """A socket for http.client.HTTPResponse, which needs nothing but a file to read."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock, self._end = sock, end

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock, self._end))


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, end: float, **kwargs: Any) -> None:
        super().__init__(_Source(sock, end), *args, **kwargs)  # type: ignore[arg-type]


class _Timed:
    """For connections of urllib3: the time-out covers the whole answer."""

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
    """A session of requests whose time-outs cover the whole answer. Each request needs one."""

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
    """One session per thread, since sessions are not thread-safe."""

    def __init__(self) -> None:
        self._own = threading.local()

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """As requests.Session.request."""
        if not hasattr(self._own, "session"):
            self._own.session = Session()
        session: Session = self._own.session
        return session.request(*args, **kwargs)
