"""Becomes another program that ends together with the process which started it.

Run as a script with the standard library alone: PARENT SIGNAL UID:GID|- COMMAND...
On Linux the kernel sends SIGNAL to the program when its parent, whose id is PARENT, dies (prctl(2),
PR_SET_PDEATHSIG; a change of user clears it, so that comes first). Elsewhere only the user changes.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
UMASK = 0o077  # what our programs write is for nobody else on this machine


def become(parent: int, death_signal: int, account: str, command: list[str]) -> None:
    """Replaces this process by `command`; exits when the parent is gone already."""
    os.umask(UMASK)
    if account != "-":
        switch(account)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - replacing ourselves is the point


def switch(account: str) -> None:
    """Gives up root for the user and group ids in `account`, for good."""
    uid, gid = (int(number) for number in account.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


if __name__ == "__main__":
    become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
