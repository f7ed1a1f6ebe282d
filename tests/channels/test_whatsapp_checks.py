"""Each value is checked at Meta as soon as it is pasted, and each outcome has its own sentence."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from channels.providers.base import DeliveryError
from channels.providers.whatsapp.checking.found import ACCOUNT, PHONE, PIN, TOKEN
from channels.providers.whatsapp.connecting import form
from tests.channels.graph import Graph, graph
from tests.environment import NOWHERE

WABA = "102290129340398"
VALUES = {TOKEN: "EAAB0123456789abcdefghij", "app_secret": "0123456789abcdef0123456789abcdef", PHONE: "106540352242922"}
SCOPES = ["whatsapp_business_messaging", "whatsapp_business_management"]
TOLD: dict[str, Any] = {
    "is_valid": True, "scopes": SCOPES, "type": "SYSTEM_USER", "application": "Bloom Bakery",
    "granular_scopes": [{"scope": SCOPES[1], "target_ids": [WABA]}],
}  # fmt: skip
NUMBER = {
    "id": VALUES[PHONE], "display_phone_number": "+44 1632 960142", "verified_name": "Bloom Bakery",
    "quality_rating": "GREEN", "code_verification_status": "VERIFIED", "messaging_limit_tier": "TIER_1K",
    "status": "CONNECTED",
}  # fmt: skip
OTHER = {"id": "106540352242911", "display_phone_number": "+44 1632 960187"}


def error(code: int, message: str = "Something", status: int = 400) -> tuple[int, Any]:
    return status, {"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A"}}


def told(**changes: Any) -> tuple[int, Any]:
    return 200, {"data": {**TOLD, **changes}}


BAD_PROOF = error(100, "Invalid appsecret_proof provided in the API argument")
ME, FOUND, LISTED = (200, {"id": "1"}), (200, NUMBER), (200, {"data": [NUMBER]})
CASES: dict[str, tuple[str, dict[str, str], list[Any], str, str]] = {
    "a good token": (TOKEN, {}, [told()], "ok", "Works. Of a system user, with both permissions."),
    "a temporary one": (TOKEN, {}, [told(expires_at=1_900_000_000)], "warn", "Works only until 17 March, 17:46"),
    "an unknown one": (TOKEN, {}, [error(190, status=401)], "bad", "does not know this token (error 190). Copy all"),
    "an old one": (TOKEN, {}, [told(is_valid=False)], "bad", "Meta does not accept this token any more"),
    "one without a permission": (
        TOKEN, {}, [told(scopes=SCOPES[1:])], "bad", "One permission is missing: whatsapp_business_messaging. Your AI",
    ),
    "one with none": (TOKEN, {}, [told(scopes=[])], "bad", "Permissions are missing: whatsapp_business_messaging, wha"),
    "an id in its place": (TOKEN, {TOKEN: VALUES[PHONE]}, [], "bad", "This is a phone number ID or an account ID"),
    "a secret in its place": (TOKEN, {TOKEN: VALUES["app_secret"]}, [], "bad", "This is an app secret"),
    "a piece of it": (TOKEN, {TOKEN: "EAAB01"}, [], "bad", "about 200 characters, this one has 6."),
    "its app's secret": ("app_secret", {}, [ME, told()], "ok", "Belongs to the app “Bloom Bakery”"),
    "another app's secret": ("app_secret", {}, [BAD_PROOF], "bad", "Not the secret of the app that made the token"),
    "half a secret": ("app_secret", {"app_secret": "0123"}, [], "bad", "This is not an app secret"),
    "a secret before the token": ("app_secret", {TOKEN: ""}, [], "waits", "Checked as soon as the token works."),
    "a number": (
        PHONE, {}, [FOUND, told(), LISTED], "ok",
        "Found +44 1632 960142, “Bloom Bakery”. Verified by Meta, quality high, up to 1,000 new people a day.",
    ),
    "a number before the token": (PHONE, {TOKEN: ""}, [], "waits", "Checked as soon as the token works."),
    "a number before the secret": (PHONE, {}, [BAD_PROOF], "waits", "Checked as soon as the app secret is right."),
    "the number itself": (PHONE, {PHONE: "+441632960142"}, [], "bad", "This is the phone number itself"),
    "no number": (PHONE, {PHONE: "abc"}, [], "bad", "This is not a phone number ID"),
    "another's number": (
        PHONE, {}, [error(100), told(), (200, {"data": [OTHER]})], "bad", "No such number for this token. These belong",
    ),
    "a number not assigned": (PHONE, {}, [error(200, status=403)], "bad", "The token may not use this number"),
    "one that is not registered": (
        PHONE, {}, [(200, {**NUMBER, "status": "PENDING"}), told(), LISTED], "warn", "not registered for sending yet",
    ),
    "an account": (ACCOUNT, {ACCOUNT: WABA}, [LISTED], "ok", "Account found"),
    "an account without it": (ACCOUNT, {ACCOUNT: WABA}, [(200, {"data": [OTHER]})], "bad", "The number is not in this"),
    "an unknown account": (ACCOUNT, {ACCOUNT: WABA}, [error(100)], "bad", "No such account for this token"),
    "the number for the account": (ACCOUNT, {ACCOUNT: VALUES[PHONE]}, [], "bad", "This is the phone number ID"),
    "a pin": (PIN, {PIN: "123456"}, [], "ok", "The number is registered with it when you go on."),
    "half a pin": (PIN, {PIN: "123"}, [], "bad", "A PIN has six digits"),
}  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[Graph]:
    with graph() as made:
        yield made


@pytest.fixture
def meta(served: Graph, settings: Settings) -> Graph:
    settings.WHATSAPP_GRAPH_URL = served.url
    served.asked, served.answers, served.hangs = [], [], 0
    return served


@pytest.mark.parametrize("case", CASES)
def test_a_verdict(meta: Graph, case: str) -> None:
    name, changes, answers, state, sentence = CASES[case]
    meta.answers = list(answers)
    verdict = form.check(name, {**VALUES, **changes})
    assert (verdict.state, sentence in f"{verdict.what}. {verdict.then}") == (state, True), verdict
    assert meta.answers == [], "Meta is asked for all of it, and no more"
    assert not any(secret in f"{verdict}" for secret in (VALUES[TOKEN], VALUES["app_secret"]))


def test_a_number_that_is_found_names_its_account_and_what_else_is_needed(meta: Graph) -> None:
    meta.answers = [FOUND, told(granular_scopes=[])]
    assert form.check(PHONE, VALUES).needs == [ACCOUNT]
    meta.answers = [(200, {**NUMBER, "status": "PENDING"}), told(), LISTED]
    pending = form.check(PHONE, VALUES)
    assert (pending.account, pending.needs) == (VALUES[PHONE], [PIN])
    meta.answers = [error(100), told(), (200, {"data": [OTHER]})]
    assert form.check(PHONE, VALUES).others == [(OTHER["id"], OTHER["display_phone_number"])]


def test_while_meta_is_down_or_answers_nonsense_it_cannot_tell(meta: Graph, settings: Settings) -> None:
    for answer in (error(2, status=503), (200, b"<html>")):
        meta.answers = [answer]
        with pytest.raises(DeliveryError):
            form.check(TOKEN, VALUES)
    settings.WHATSAPP_GRAPH_URL = f"http://{NOWHERE}"
    with pytest.raises(DeliveryError):
        form.check(TOKEN, VALUES)


def test_it_gives_up_after_three_seconds(meta: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.providers.whatsapp.checking.verdicts.CHECK_SECONDS", 0.3)
    meta.hangs = 0.6
    with pytest.raises(DeliveryError):
        form.check(TOKEN, VALUES)
    meta.hangs = 0
