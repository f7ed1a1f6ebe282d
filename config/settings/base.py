"""What the other settings modules need first: the environment, and whether the sandbox replaces outside services."""

from pathlib import Path

from config import environment

BASE_DIR = Path(__file__).resolve().parents[2]
env = environment.read()

# The sandbox: local stand-ins for all outside services. Only base URLs differ.
SANDBOX = env.flag("SANDBOX", default=False)
if SANDBOX:
    env.refuse_sandbox_with_live_credentials()
# How many proxies in front of the web set the X-Forwarded headers. With 0, these headers are ignored.
TRUSTED_PROXIES = env.count("TRUSTED_PROXIES", "0")
PORT = env.number("PORT", "8000", parse=environment.port, example="a port number such as 8000")
SANDBOX_URL = env.url("SANDBOX_URL", f"http://127.0.0.1:{PORT + 1}").rstrip("/")


def peer(path: str, real: str) -> str:
    """The base URL of an outside service: `path` on the sandbox, or the real one."""
    return f"{SANDBOX_URL}{path}" if SANDBOX else real
