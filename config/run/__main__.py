"""`python -m config.run` starts everything; the exit status is 0 after a clean stop, 1 when the start failed."""

import asyncio
import sys

from config.embedded.datafolder import DataFolder
from config.embedded.errors import EmbeddedError
from config.run.errors import StartError
from config.run.log import Log
from config.run.plan import make_plan
from config.run.supervisor import Supervisor


async def supervise() -> None:
    """Runs the process tree until it is asked to stop."""
    await Supervisor(make_plan(DataFolder.default()), Log()).run()


def main() -> int:
    """Says in one sentence why a start failed."""
    try:
        asyncio.run(supervise())
    except (StartError, EmbeddedError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
