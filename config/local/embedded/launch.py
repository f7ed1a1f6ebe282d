"""Turns into another program, which ends when the process that started it ends.

Runs as a script, with the standard library only: PARENT SIGNAL UID:GID|- COMMAND...
On Linux the kernel sends SIGNAL to the program when its parent, whose id is PARENT, dies (prctl(2),
PR_SET_PDEATHSIG; a change of user clears it, so that comes first). Elsewhere only the user changes.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
UMASK = 0o077  # no other user of this machine can read what our programs write


def become(parent: int, death_signal: int, account: str, command: list[str]) -> None:
    """Replaces this process with `command`; exits if the parent is gone already."""
    os.umask(UMASK)
    if account != "-":
        switch(account)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - replacing ourselves is the point


def switch(account: str) -> None:
    """Drops root for the user and group ids in `account`, permanently."""
    uid, gid = (int(number) for number in account.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


if __name__ == "__main__":
    become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
