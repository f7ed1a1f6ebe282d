"""The merged log of all processes: time, name, line."""

import contextlib
import itertools
import sys
from datetime import datetime
from typing import TextIO

WIDTH = 9
COLOURS = itertools.cycle(("36", "32", "33", "35", "34", "96", "92", "93"))
BOLD = "1"


class Log:
    """Writes to one stream; in color if it is a terminal."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._colours: dict[str, str] = {}

    def line(self, name: str, text: str) -> None:
        """Writes a line from the process `name`."""
        prefix = f"{datetime.now().astimezone():%H:%M:%S} {name:<{WIDTH}}"
        self._write(f"{self._painted(prefix, self._colour(name))} {text}\n")

    def block(self, text: str) -> None:
        """Writes text that stands out from the other lines."""
        self._write(f"\n{self._painted(text, BOLD)}\n\n")

    def _colour(self, name: str) -> str:
        return self._colours.setdefault(name, next(COLOURS))

    def _painted(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._is_terminal else text

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):  # nobody reads our output any more; keep running
            self._stream.write(text)
            self._stream.flush()
