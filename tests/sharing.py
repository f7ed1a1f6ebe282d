"""How pytest's workers share the test files: the slowest first, and all files that need the same stack in one worker.

These lists only affect how long `make test` takes.
"""

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

LONGEST = (
    "isolation/test_matrix.py",
    "secrets/test_doctor.py",  # before others leave workspaces in the stack, each of which it looks at
    "browser/",
    "fuzz/",
    "accounts/test_in_browser.py",
    "flow/test_faults.py",
    "accounts/test_over_http.py",
    "accounts/test_guessing.py",
    "secrets/",
    "security/",
    "isolation/",
    "availability/",
    "flow/",
    "pipeline/",
    "teams/",
    "staff/",
    "billing/",
)
"""Slow files and folders, in the order in which they start, so that all workers finish at about the same time."""

NEEDS = {
    "stack": (
        "browser/",
        "flow/",
        "pipeline/",
        "api/test_whole_way.py",
        "channels/test_slack_install.py",
        "data/test_whole_way.py",
        "secrets/test_doctor.py",
        "security/test_client_faults.py",
        "staff/test_in_browser.py",
        "teams/test_in_browser.py",
    ),
    "named_stack": ("accounts/test_in_browser.py", "accounts/test_over_http.py", "accounts/test_guessing.py"),
}
"""Fixtures that start the whole product, which takes about ten seconds of CPU time, and the files that use them."""


def longest_first(nodeid: str) -> int:
    """Sort key: the position of a test's file in LONGEST."""
    file = _file(nodeid)
    return next((place for place, start in enumerate(LONGEST) if file.startswith(start)), len(LONGEST))


def need(scope: str) -> str:
    """Which of the fixtures in NEEDS a file uses; empty if none."""
    file = _file(scope)
    return next((fixture for fixture, starts in NEEDS.items() if file.startswith(starts)), "")


def _file(nodeid: str) -> str:
    return nodeid.split("::", 1)[0].removeprefix("tests/")


class Sharing(LoadFileScheduling):  # type: ignore[misc]
    """xdist's `loadfile`, but the worker that has started a stack gets the files that need it.

    When nothing else is left, other workers take these files too and start their own stack.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        self.workqueue.move_to_end(self._choose(node), last=False)
        super()._assign_work_unit(node)

    def _choose(self, node: WorkerController) -> str:
        own, started = self._needs_of(node), {need for each in self.nodes for need in self._needs_of(each)}
        waiting: list[str] = list(self.workqueue)
        for wanted in (own, {"", *NEEDS} - started):
            for scope in waiting:
                if need(scope) in wanted:
                    return scope
        return waiting[0]

    def _needs_of(self, node: WorkerController) -> set[str]:
        """The fixtures that a worker's files use, so it has started them or will."""
        return {need(scope) for scope in self.assigned_work[node]} - {""}
