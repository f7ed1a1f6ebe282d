"""What has to be done once the database answers and before anything is served."""

from config.datafolder import PROJECT_ROOT
from config.local.run import programs
from config.local.run.child import Child, Program
from config.local.run.errors import StartError
from config.local.run.log import Log
from config.local.run.pids import PidFiles
from config.local.run.plan import Plan
from config.local.run.readiness import together
from config.local.run.static import StaticFiles


class Preparation:
    """Runs the management commands of a start."""

    def __init__(self, plan: Plan, log: Log, pids: PidFiles) -> None:
        self._plan = plan
        self._log = log
        self._pids = pids
        self._static = StaticFiles(PROJECT_ROOT, plan.data.path / "run" / "static")

    async def run(self) -> None:
        """Prepares roles, tables and static files; raises StartError if a command fails."""
        await together([self._run(programs.database(self._plan)), self._collect()])

    async def _collect(self) -> None:
        if self._static.are_current():
            return
        fingerprint = self._static.fingerprint()
        await self._run(programs.collect_static(self._plan))
        self._static.mark(fingerprint)

    async def _run(self, program: Program) -> None:
        if await Child(program, self._log, self._pids).run_once():
            raise StartError(f"The step `{program.name}` failed: the lines above say why.")
