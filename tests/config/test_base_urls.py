"""Base URLs set only by the environment: the real SDKs send their requests to another server."""

import os
import subprocess
import sys
from pathlib import Path

from tests.config.recorder import Recorder
from tests.config.test_environment import GOOD
from tests.stack import ROOT

COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "gpt-4.1-mini",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello from there"}}],
    "usage": {
        "prompt_tokens": 1_200, "completion_tokens": 20, "total_tokens": 1_220,
        "prompt_tokens_details": {"cached_tokens": 1_024}, "completion_tokens_details": {"reasoning_tokens": 4},
    },
}  # fmt: skip
SCRIPT = """
from datetime import UTC, datetime
from uuid import uuid4
from agents.llm import calls
from agents.llm.request import Message, Prompt
from channels.providers.registry import provider_named
from channels.providers.shapes.sending import Account, Outgoing

prompt = Prompt("openai", "gpt-4.1-mini", "Be kind.", [Message(False, ("Hi",))], 50)
completion = calls.start(prompt, calls.platform_credential("openai")).result()
address = {"channel": "C1", "thread_ts": "1.000001"}
message = Outgoing(uuid4(), address, completion.text, datetime.now(UTC))
print(completion.tokens)
print(provider_named("slack").post(Account("xoxb-1"), message))
"""


def test_slack_and_openai_are_where_the_environment_says(tmp_path: Path) -> None:
    elsewhere = Recorder({"/v1/chat/completions": COMPLETION, "/api/chat.postMessage": {"ok": True, "ts": "2.000002"}})
    environment = {
        "PATH": os.environ["PATH"],
        "ROSTER_DATA": str(tmp_path),
        **GOOD,
        "SLACK_API_URL": f"{elsewhere.url}/api/",
        "OPENAI_BASE_URL": f"{elsewhere.url}/v1",
        "OPENAI_API_KEY": "sk-mine",
    }
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", SCRIPT]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    elsewhere.close()
    assert done.returncode == 0, done.stderr
    assert elsewhere.requests == [
        ("/v1/chat/completions", "Bearer sk-mine"), ("/api/chat.postMessage", "Bearer xoxb-1"),
    ]  # fmt: skip
    assert done.stdout.splitlines() == [
        ("Tokens(input=176, cached_read=1024, cache_write=0, output=20, reasoning=4, "
        "cache_write_1h=0, input_audio=0, output_audio=0)"),
        "2.000002",
    ]  # fmt: skip
