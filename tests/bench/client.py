"""A cheap client: prepared HTTP/1.1 requests over keep-alive connections."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Burst:
    """The results of many requests: seconds from each one's due time to its answer, and the client's CPU time."""

    seconds: Sequence[float]
    statuses: Sequence[int]
    wall: float
    own_cpu: float

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.wall

    @property
    def refused(self) -> int:
        return sum(status != 200 for status in self.statuses)

    @property
    def own_share(self) -> float:
        """The share of one core that the client used."""
        return self.own_cpu / self.wall


def closed_loop(port: int, requests: Iterable[bytes], connections: int, seconds: float) -> Burst:
    """Each connection sends its next request when the previous one is answered; stops after `seconds` at the latest."""
    return asyncio.run(_run(port, iter(requests), connections, time.perf_counter() + seconds, every=0))


def open_loop(port: int, requests: Sequence[bytes], connections: int, every: float) -> Burst:
    """One request per interval, whether or not earlier ones are answered, as with independent users."""
    return asyncio.run(_run(port, iter(requests), connections, float("inf"), every))


async def _run(port: int, requests: Iterator[bytes], connections: int, until: float, every: float) -> Burst:
    begun, own = time.perf_counter(), time.process_time()
    answers: list[tuple[float, int]] = []
    numbered = enumerate(requests)
    await asyncio.gather(*(_connection(port, numbered, answers, begun, until, every) for _ in range(connections)))
    wall, cpu = time.perf_counter() - begun, time.process_time() - own
    return Burst([each[0] for each in answers], [each[1] for each in answers], wall, cpu)


async def _connection(
    port: int, numbered: Iterator[tuple[int, bytes]], answers: list[tuple[float, int]], begun: float, until: float,
    every: float,
) -> None:  # fmt: skip
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number, request in numbered:
        due = begun + number * every if every else time.perf_counter()
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.write(request)
        status = await _status(reader)
        answers.append((time.perf_counter() - due, status))
        if time.perf_counter() > until:
            break
    writer.close()
    await writer.wait_closed()


async def _status(reader: asyncio.StreamReader) -> int:
    """Read one response with a Content-Length to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = next((line for line in head.split("\r\n") if line.startswith("content-length:")), "content-length: 0")
    await reader.readexactly(int(length.partition(":")[2]))
    return int(head.split(" ", 2)[1])
