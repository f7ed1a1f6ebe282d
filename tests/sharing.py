"""Which of pytest's processes runs which file: the longest first, and what needs the whole product in one of them.

Only the time of `make test` depends on what is listed here.
"""

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

LONGEST = (
    "isolation/test_matrix.py",
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
"""Files and folders that take long, in the order in which they begin: then all processes end at about the same time."""

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
"""Fixtures that start the whole product, which costs ten seconds of work, and the files that ask for them."""


def longest_first(nodeid: str) -> int:
    """The place of a test's file in the order of all."""
    file = _file(nodeid)
    return next((place for place, start in enumerate(LONGEST) if file.startswith(start)), len(LONGEST))


def need(scope: str) -> str:
    """The fixture that a file asks for; empty if it needs none of them."""
    file = _file(scope)
    return next((fixture for fixture, starts in NEEDS.items() if file.startswith(starts)), "")


def _file(nodeid: str) -> str:
    return nodeid.split("::", 1)[0].removeprefix("tests/")


class Sharing(LoadFileScheduling):  # type: ignore[misc]
    """xdist's own way of sharing files, but whoever started a fixture gets the files that need it.

    The others take them, too, and start one of their own, when nothing else is left.
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
        """The fixtures that a process has started, or will with the files that it was given."""
        return {need(scope) for scope in self.assigned_work[node]} - {""}
