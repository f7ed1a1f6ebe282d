"""What the other modules of the settings begin with: the environment, and whether the sandbox plays the outside."""

from pathlib import Path

from config import environment

BASE_DIR = Path(__file__).resolve().parents[2]
env = environment.read()

# The sandbox: local peers of every outside service. Only base URLs differ.
SANDBOX = env.flag("SANDBOX", default=False)
if SANDBOX:
    env.refuse_sandbox_with_live_credentials()
# Proxies in front of the web, each of which sets the X-Forwarded headers; with 0 nobody's are believed.
TRUSTED_PROXIES = env.count("TRUSTED_PROXIES", "0")
PORT = env.number("PORT", "8000", parse=environment.port, example="a port number such as 8000")
SANDBOX_URL = env.url("SANDBOX_URL", f"http://127.0.0.1:{PORT + 1}").rstrip("/")


def peer(path: str, real: str) -> str:
    """The base URL of an outside service: the sandbox's part under `path`, or the real one."""
    return f"{SANDBOX_URL}{path}" if SANDBOX else real
