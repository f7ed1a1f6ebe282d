"""A server that accepts connections and never finishes: it is silent, or sends a byte now and then."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

BEGINNINGS = {
    "silence": b"",
    "headers without end": b"HTTP/1.1 200 OK\r\nX-Word: ",
    "a body without end": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n",
}
"""What it sends immediately, by kind of hang."""


@dataclass
class Hanging:
    """Its address, and how many connections it has accepted."""

    url: str
    taken: list[socket.socket] = field(default_factory=list)


@contextmanager
def hanging(how: str, *, every: float = 0.1) -> Iterator[Hanging]:
    """Answers each connection with a start, then a byte now and then; with `silence`, with nothing."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        server.settimeout(0.1)
        found = Hanging(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread = threading.Thread(target=_serve, args=(server, found, how, every, over))
        thread.start()
        try:
            yield found
        finally:
            over.set()
            thread.join()
            for each in found.taken:
                each.close()


def _serve(server: socket.socket, found: Hanging, how: str, every: float, over: threading.Event) -> None:
    while not over.wait(every):
        with suppress(TimeoutError):
            while True:
                taken, _ = server.accept()
                found.taken.append(taken)
                with suppress(OSError):
                    taken.sendall(BEGINNINGS[how])
        if BEGINNINGS[how]:
            for each in found.taken:
                with suppress(OSError):
                    each.sendall(b" ")
