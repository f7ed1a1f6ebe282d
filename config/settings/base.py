"""What the other settings modules need first: the environment, and whether the sandbox replaces outside services."""

from pathlib import Path

from config import environment, peers

BASE_DIR = Path(__file__).resolve().parents[2]
env = environment.read()

# The outside services that the sandbox plays. Only their base URLs differ.
SANDBOX = env.played()
# How many proxies in front of the web set the X-Forwarded headers. With 0, these headers are ignored.
TRUSTED_PROXIES = env.count("TRUSTED_PROXIES", "0")
PORT = env.number("PORT", "8000", parse=environment.port, example="a port number such as 8000")
SANDBOX_URL = env.url("SANDBOX_URL", f"http://127.0.0.1:{PORT + 1}").rstrip("/")
# What people are told about it: the sandbox's pages by peer, and which services are played and which are real.
_played = [each for each in peers.PEERS if each.name in SANDBOX]
SANDBOX_PAGES = {each.name: {"title": each.title, "url": f"{SANDBOX_URL}{each.page}"} for each in _played if each.page}
SANDBOX_PLAYED = peers.listed(_played)
_real = peers.real(SANDBOX, env.given)
SANDBOX_REAL = peers.listed(_real)
REAL_PEERS = {each.name for each in _real}


def peer(name: str, path: str, real: str) -> str:
    """The base URL of an outside service: `path` on the sandbox if that plays it, else the real one."""
    return f"{SANDBOX_URL}{path}" if name in SANDBOX else real
