"""The doctor's check of the LLM providers that the platform has a key for."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from agents.llm.calls import PROVIDERS, Credential, LLMRefusedError, platform_credential
from tenants.doctor.report import TIMEOUT_SECONDS, Finding, ok, problem, skipped, warning


@dataclass(frozen=True)
class Listing:
    """Where a provider lists its models, and how it takes the key."""

    path: str
    header: str
    prefix: str = ""
    version: str = ""


LISTINGS = {
    "openai": Listing("/models", "Authorization", "Bearer "),
    "anthropic": Listing("/v1/models", "x-api-key", version="2023-06-01"),
}
"""https://platform.openai.com/docs/api-reference/models/list, https://docs.anthropic.com/en/api/models-list"""


def llm_providers() -> Iterator[Finding]:
    """Do the LLM providers answer, and accept the platform's keys?"""
    for name, label in PROVIDERS.items():
        try:
            credential = platform_credential(name)
        except LLMRefusedError:
            yield skipped(label, f"{name.upper()}_API_KEY is not set: employees cannot use its models on trial credit.")
            continue
        yield _ask(name, label, credential)


def _ask(name: str, label: str, credential: Credential) -> Finding:
    listing, variable = LISTINGS[name], name.upper()
    headers = {listing.header: f"{listing.prefix}{credential.api_key}"}
    if listing.version:
        headers["anthropic-version"] = listing.version
    try:
        answer = httpx.get(f"{credential.base_url.rstrip('/')}{listing.path}", headers=headers, timeout=TIMEOUT_SECONDS)
    except (httpx.HTTPError, ValueError) as error:
        cause = f"cannot be reached ({type(error).__name__})"
        return problem(label, f"{cause}: check {variable}_BASE_URL and this machine's way out.")
    return _judged(label, variable, answer.status_code)


def _judged(label: str, variable: str, status: int) -> Finding:
    if status in {401, 403}:
        return problem(label, f"does not accept the key (HTTP {status}): set {variable}_API_KEY to a valid one.")
    if status == 429 or status >= 500:
        return warning(label, f"has a problem of its own or limits us (HTTP {status}): look again later.")
    if status != 200:
        return problem(label, f"answers HTTP {status} where it lists models: check {variable}_BASE_URL.")
    return ok(label, "answers and accepts the key.")
