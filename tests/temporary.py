"""A whole product for one measurement: started, used, stopped, and its folder deleted."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.stack import Stack


@contextmanager
def temporary_stack(**extra: str) -> Iterator[Stack]:
    """A stack with these environment variables. If the body fails, its log is kept and its path printed."""
    with tempfile.TemporaryDirectory(prefix="roster-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # Postgres runs as another user
        stack = Stack(folder, extra)
        try:
            stack.start()
            yield stack
        except BaseException:
            if stack.log.exists():
                stack.log.rename(Path(tempfile.gettempdir()) / f"{folder.name}.log")
            raise
        finally:
            if stack.process and stack.process.poll() is None:
                stack.stop()
