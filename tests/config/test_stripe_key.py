"""Wrong Stripe keys stop the start with a clear message, and the right one is stored nowhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.stripe_key import STRIPE_URL, StripeKey, checked
from tests.config.test_environment import GOOD
from tests.stack import ROOT

LIVE = "sk_live_0123456789abcdefghijKLMN"
TEST = "sk_test_0123456789abcdefghijKLMN"
SITE = "https://roster.example.com"
HERE = "http://127.0.0.1:8000"
PEER = "http://127.0.0.1:8001/stripe"


def check(value: str, url: str = STRIPE_URL, public_url: str = SITE, **flags: bool) -> StripeKey:
    flags = {"is_played": False, "allow_test": False, **flags}
    return checked(value, url=url, public_url=public_url, **flags)


@pytest.mark.parametrize(
    ("value", "url", "public_url", "is_played", "sentence"),
    [
        (LIVE, PEER, HERE, True, "SANDBOX plays Stripe although STRIPE_SECRET_KEY is a live key"),
        (LIVE, PEER, SITE, False, f"A live STRIPE_SECRET_KEY would be sent to {PEER}"),
        (LIVE, "http://api.stripe.com", SITE, False, "A live STRIPE_SECRET_KEY would be sent to http://api.stripe.com"),
        (LIVE.replace("sk", "rk"), PEER, SITE, False, f"A live STRIPE_SECRET_KEY would be sent to {PEER}"),
        (TEST, STRIPE_URL, SITE, False, f"STRIPE_SECRET_KEY is a test key although PUBLIC_URL is {SITE}"),
        (LIVE.replace("sk", "pk"), STRIPE_URL, SITE, False, "STRIPE_SECRET_KEY is a publishable key"),
        ("whsec_0123456789abcdefghijKLMN", STRIPE_URL, SITE, False, "STRIPE_SECRET_KEY does not look like"),
        ("sk_live_short", STRIPE_URL, SITE, False, "STRIPE_SECRET_KEY does not look like"),
        (f"{LIVE}\n{TEST}", STRIPE_URL, SITE, False, "STRIPE_SECRET_KEY does not look like"),
    ],
)
def test_a_wrong_key_gives_one_error_message_without_the_key(
    value: str, url: str, public_url: str, is_played: bool, sentence: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        check(value, url, public_url, is_played=is_played)

    assert str(refusal.value).startswith(sentence)
    assert value[8:] not in str(refusal.value)


def test_keys_of_the_right_kind_are_accepted() -> None:
    assert check(LIVE).is_live
    assert check(LIVE.replace("sk", "rk")).is_live
    assert check(TEST, public_url=HERE).is_test
    assert check(TEST, allow_test=True).is_test
    assert check(TEST, PEER, is_played=True).is_test
    none = check("")
    assert (none.is_live, none.is_test, none.stand_in) == (False, False, "")


def test_the_placeholder_key_reveals_only_the_mode() -> None:
    assert StripeKey(LIVE).stand_in.startswith("sk_live_")
    assert StripeKey(TEST).stand_in.startswith("sk_test_")
    assert StripeKey(TEST).stand_in == StripeKey(TEST[:-4] + "ZZZZ").stand_in
    assert "0123" not in StripeKey(LIVE).stand_in + repr(StripeKey(LIVE))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"STRIPE_SECRET_KEY": LIVE, "SANDBOX": "stripe"}, "SANDBOX plays Stripe although STRIPE_SECRET_KEY is set"),
        ({"STRIPE_SECRET_KEY": LIVE, "SANDBOX": "1", "STRIPE_API_URL": PEER}, "A live STRIPE_SECRET_KEY would be sent"),
        ({"STRIPE_SECRET_KEY": "sk_live_x"}, "STRIPE_SECRET_KEY does not look like"),
        ({"STRIPE_API_URL": "stripe.com"}, "STRIPE_API_URL is not a complete URL"),
        ({"TRIAL_DAYS": "731"}, "TRIAL_DAYS is '731', which is not a whole number from 0 to 730"),
        ({"TRIAL_REQUIRES_CARD": "later"}, "TRIAL_REQUIRES_CARD is 'later': set it to 1 or 0"),
        ({"PAST_DUE_GRACE_DAYS": "-7"}, "PAST_DUE_GRACE_DAYS is '-7'"),
    ],
)
def test_the_start_ends_with_the_message(tmp_path: Path, given: dict[str, str], sentence: str) -> None:
    done = shell(tmp_path, "from django.conf import settings; settings.DEBUG", **given)

    assert done.returncode == 1
    assert done.stderr.startswith(sentence), done.stderr
    assert "Traceback" not in done.stderr


def test_dj_stripe_gets_the_placeholder_and_all_clients_the_same_host(tmp_path: Path) -> None:
    script = "import stripe; from django.conf import settings as s; print(s.STRIPE_SECRET_KEY, s.STRIPE_KEY)"
    script += (
        "; from djstripe import models; print(stripe.api_base, s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'])"
    )
    done = shell(tmp_path, script, STRIPE_SECRET_KEY=TEST, STRIPE_API_URL=f"{PEER}/")

    keys, host = done.stdout.splitlines()
    assert keys.split() == [StripeKey(TEST).stand_in, TEST]
    assert host == f"{PEER} [\"'self'\", 'http://127.0.0.1:8001']"


def shell(folder: Path, script: str, **given: str) -> subprocess.CompletedProcess[str]:
    """A separate process that loads the settings."""
    environment = {"PATH": os.environ["PATH"], "ROSTER_DATA": str(folder), **GOOD, **given}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
