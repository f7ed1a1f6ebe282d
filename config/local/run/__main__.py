"""`python -m config.local.run` starts everything. It exits with 0 after a clean stop, with 1 if the start failed."""

import asyncio
import sys

from config.datafolder import DataFolderError
from config.local.embedded.datafolder import DataFolder
from config.local.embedded.errors import EmbeddedError
from config.local.run.errors import StartError
from config.local.run.log import Log
from config.local.run.plan import make_plan
from config.local.run.supervisor import Supervisor


async def supervise() -> None:
    """Runs the process tree until it is asked to stop."""
    await Supervisor(make_plan(DataFolder.default()), Log()).run()


def main() -> int:
    """Prints one sentence if the start failed."""
    try:
        asyncio.run(supervise())
    except (StartError, EmbeddedError, DataFolderError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
