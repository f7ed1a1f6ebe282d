"""The site as served on the internet: over HTTPS, behind a proxy, scored by Mozilla's published rules."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from config.local.embedded.postgres import Postgres
from tests.conftest import Cast
from tests.security.https_site import HOST, KEY, HttpsSite, cookies_of, environment
from tests.security.observatory import Result, Visit, judge, score
from tests.stack import ROOT

GOAL = 120
HSTS = "max-age=31536000; includeSubDomains"


@pytest.fixture(scope="module")
def site(django_db_setup: None, postgres: Postgres) -> Iterator[HttpsSite]:
    site = HttpsSite(postgres.url("app"))
    site.start()
    yield site
    site.stop()


@pytest.fixture
def session(committed_cast: Cast, settings: Settings) -> str:
    """Alice's session cookie, as that process would have set it."""
    settings.SECRET_KEY = KEY
    client = Client()
    client.force_login(committed_cast.alice)
    return f"__Host-sessionid={client.cookies['sessionid'].value}"


def report(name: str, results: list[Result]) -> str:
    lines = [f"{result.points:+4d}  {result.rule}: {result.outcome}" for result in results]
    return "\n".join([f"{name}: {score(results)}", *lines])


def test_the_observatorys_rules_give_the_log_in_page_the_best_grade(site: HttpsSite) -> None:
    results = judge(site.visit("/accounts/login/"))

    print(report("log-in", results))  # noqa: T201 - the results are for people
    assert score(results) >= GOAL, report("log-in", results)
    assert not [result for result in results if result.points < 0]


def test_the_observatorys_rules_give_the_portal_the_best_grade(site: HttpsSite, session: str) -> None:
    results = judge(site.visit("/t/acme/employees/", session))

    print(report("portal", results))  # noqa: T201 - the results are for people
    assert score(results) >= GOAL, report("portal", results)
    assert not [result for result in results if result.points < 0]


def test_the_rules_subtract_points_from_an_unprotected_site() -> None:
    bare = Visit({}, '<script src="https://cdn.example/x.js">', (), {}, (f"http://{HOST}/",))

    assert score(judge(bare)) == 0


def test_cookies_are_bound_to_this_host_and_to_https(site: HttpsSite) -> None:
    cookies = cookies_of(site.ask("/accounts/login/"))

    assert [cookie.key for cookie in cookies] == ["__Host-csrftoken"]
    for cookie in cookies:
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")


@pytest.mark.parametrize(
    "path", ["/", "/accounts/login/", "/nowhere/", "/api/v1/agents/", "/static/none.css", "/livez"]
)
def test_every_answer_binds_browsers_to_https(site: HttpsSite, path: str) -> None:
    answer = site.ask(path)

    assert answer.headers["strict-transport-security"] == HSTS
    assert "upgrade-insecure-requests" in answer.headers["content-security-policy"]


def test_static_files_are_cached_and_carry_the_policies(site: HttpsSite) -> None:
    found = re.search(r'href="(/static/css/base\.[^"]+)"', site.ask("/accounts/login/").text)
    assert found

    answer = site.ask(found[1])

    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers


def test_plain_http_redirects_to_https_except_for_probes(site: HttpsSite) -> None:
    moved = site.ask("/accounts/login/?next=/t/acme/", scheme="http")

    assert moved.status_code == 301
    assert moved.headers["location"] == f"https://{HOST}/accounts/login/?next=/t/acme/"
    assert site.ask("/livez", scheme="http", headers={"Host": "10.0.0.7:8000"}).status_code == 200
    assert site.ask("/readyz", scheme="http", headers={"Host": "10.0.0.7:8000"}).status_code == 200


def test_a_forged_host_is_refused_or_ignored(site: HttpsSite) -> None:
    assert site.ask("/", headers={"Host": "evil.example"}).status_code == 400
    assert "evil" not in site.ask("/accounts/login/", headers={"X-Forwarded-Host": "evil.example"}).text
    for claim in ({"X-Forwarded-Host": "evil.example"}, {"Host": f"{HOST}:4444"}):
        moved = site.ask("/", scheme="http", headers=claim)
        assert moved.headers["location"] == f"https://{HOST}/"


def test_oversized_headers_are_refused(site: HttpsSite) -> None:
    assert site.ask("/livez", headers={"X-Long": "x" * 100_000}).status_code == 431
    assert site.ask("/livez", headers={"X-Long": "x" * 8_000}).status_code == 200


def run(command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    done = [sys.executable, "manage.py", *command.split()]
    return subprocess.run(done, cwd=ROOT, env=environment(**changes), capture_output=True, text=True, check=False)


def test_djangos_deployment_checks_find_nothing() -> None:
    done = run("check --deploy --fail-level WARNING")

    assert done.returncode == 0, done.stderr
    assert "no issues (2 silenced)" in done.stdout, "optional HSTS preloading, and dj-stripe's check of its host"


def test_with_preloading_chosen_only_the_check_of_stripes_host_is_silenced() -> None:
    assert "no issues (1 silenced)" in run("check --deploy --fail-level WARNING", HSTS_PRELOAD="1").stdout


def test_https_requires_the_number_of_proxies() -> None:
    done = run("check", TRUSTED_PROXIES="")

    assert done.returncode == 1
    assert done.stderr.startswith("TRUSTED_PROXIES is not set although PUBLIC_URL is https://")


def test_without_proxies_no_header_about_https_is_trusted() -> None:
    script = "from django.conf import settings as s; print(s.SECURE_PROXY_SSL_HEADER, s.SECURE_SSL_REDIRECT)"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]

    done = subprocess.run(
        command, cwd=ROOT, env=environment(TRUSTED_PROXIES="0"), capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["None", "True"]
    assert settings.SECURE_PROXY_SSL_HEADER is None
