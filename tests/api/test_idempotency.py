"""`Idempotency-Key`: a request sent twice runs once and gets the same answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from agents.models import Agent
from channels.models import InstallAttempt
from tenants.http import idempotency
from tenants.models import ApiToken, AuditEvent, IdempotentRequest, Role, Tenant
from tenants.scope import tenant_scope
from tests.api.conftest import Answer, Caller, TokenOf
from tests.api.test_errors import session_of
from tests.conftest import Cast

MAYA = {"name": "Maya", "job_title": "Customer support", "instructions": "We open at 9."}
INSTALL = "channels/slack/install"


def post(caller: Caller, key: str, path: str = "agents/", body: Any = MAYA) -> Answer:
    return caller.call("POST", path, body, headers={"Idempotency-Key": key})


def is_replayed(answer: Answer) -> bool:
    return answer.response.headers.get("Idempotent-Replayed") == "true"


def kept(tenant: Tenant) -> IdempotentRequest:
    return IdempotentRequest.objects.get(tenant=tenant)


def test_the_same_request_again_gets_the_first_answer_and_does_nothing(acme: Caller, cast: Cast) -> None:
    first, again = post(acme, "a-1"), post(acme, "a-1")
    assert (first.status, is_replayed(first)) == (201, False)
    assert (again.status, is_replayed(again), again.json) == (201, True, first.json)
    with tenant_scope(cast.acme.id):
        assert Agent.objects.count() == 1
        assert AuditEvent.objects.filter(action="employee.hired").count() == 1


def test_a_quoted_key_is_the_same_as_a_bare_one(acme: Caller) -> None:
    assert is_replayed(post(acme, "a-1")) < is_replayed(post(acme, '"a-1"'))


@pytest.mark.parametrize(
    ("path", "body"), [("agents/", {**MAYA, "name": "Ben"}), (INSTALL, MAYA), ("agents/?a=1", MAYA)]
)
def test_the_same_key_with_another_request_is_refused(acme: Caller, path: str, body: Any) -> None:
    post(acme, "a-1")
    assert "a key of its own" in post(acme, "a-1", path, body).problem(422)["detail"]


@pytest.mark.parametrize("key", ["", " ", "two words", "x" * 256, "\u00e9", "tab\there"])
def test_an_invalid_key_is_named(acme: Caller, key: str) -> None:
    assert list(post(acme, key).problem(400)["errors"]) == ["Idempotency-Key"]
    assert acme.get("agents/").results == []


def test_the_longest_key_is_accepted(acme: Caller) -> None:
    assert post(acme, "x" * 255).status == 201


@pytest.mark.parametrize("path", ["agents/", INSTALL])
def test_a_refusal_frees_the_key(acme: Caller, cast: Cast, path: str, settings: Any) -> None:
    settings.SLACK_CLIENT_ID = ""
    post(acme, "a-1", path, {}).problem(400 if path == "agents/" else 409)
    settings.SLACK_CLIENT_ID = "111.222"
    answer = post(acme, "a-1", path, MAYA)
    assert answer.status < 300, answer.json
    assert not is_replayed(answer)


def test_keys_of_callers_and_workspaces_are_their_own(
    acme: Caller, globex: Caller, token_of: TokenOf, cast: Cast
) -> None:
    answers = [post(caller, "a-1", INSTALL) for caller in (acme, globex, token_of(cast.acme, Role.OPERATOR))]
    answers.append(post(session_of(cast.alice, "acme"), "a-1", INSTALL))
    assert [(answer.status, is_replayed(answer)) for answer in answers] == [(200, False)] * 4
    assert len({answer.json["url"] for answer in answers}) == 4


def test_callers_without_permission_learn_nothing_from_a_key(cast: Cast) -> None:
    token, plain = ApiToken.issue(cast.acme, "Tests", Role.OPERATOR)
    caller = Caller({"Authorization": f"Bearer {plain}"})
    post(caller, "a-1")
    ApiToken.objects.filter(id=token.id).update(role=Role.VIEWER)
    post(caller, "a-1").problem(403)


def test_a_view_that_calls_a_provider_answers_the_same_again(acme: Caller, cast: Cast) -> None:
    first, again = post(acme, "a-1", INSTALL), post(acme, "a-1", INSTALL)
    assert again.json == first.json
    assert is_replayed(again)
    with tenant_scope(cast.acme.id):
        assert InstallAttempt.objects.count() == 1


def test_while_the_first_is_running_the_second_has_to_wait(acme: Caller, cast: Cast) -> None:
    post(acme, "a-1", INSTALL)
    with tenant_scope(cast.acme.id):
        IdempotentRequest.objects.update(status=None, answer="", leased_until=timezone.now() + timedelta(seconds=20))
    answer = post(acme, "a-1", INSTALL)
    assert "still running" in answer.problem(409)["detail"]
    assert answer.response.headers["Retry-After"] == "1"


def test_a_request_of_a_dead_process_is_completed_by_a_retry(acme: Caller, cast: Cast) -> None:
    post(acme, "a-1", INSTALL)
    with tenant_scope(cast.acme.id):
        IdempotentRequest.objects.update(status=None, answer="", leased_until=timezone.now() - timedelta(seconds=1))
    assert not is_replayed(post(acme, "a-1", INSTALL))
    assert is_replayed(post(acme, "a-1", INSTALL))


def test_after_a_day_the_key_is_new(acme: Caller, cast: Cast) -> None:
    post(acme, "a-1", INSTALL)
    with tenant_scope(cast.acme.id):
        IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert not is_replayed(post(acme, "a-1", INSTALL))


def test_old_keys_are_deleted_in_every_workspace_and_newer_ones_kept(acme: Caller, globex: Caller, cast: Cast) -> None:
    now = timezone.now()
    for caller, tenant in ((acme, cast.acme), (globex, cast.globex)):
        post(caller, "old", INSTALL)
        with tenant_scope(tenant.id):
            IdempotentRequest.objects.update(created_at=now - timedelta(hours=25))
        post(caller, "new", INSTALL)
    for _ in range(2):
        idempotency.forget(now)
    for tenant in (cast.acme, cast.globex):
        with tenant_scope(tenant.id):
            assert [row.key for row in IdempotentRequest.objects.all()] == ["new"]


def test_a_stored_answer_is_encrypted(acme: Caller, cast: Cast) -> None:
    url = post(acme, "a-1", INSTALL).json["url"]
    with connection.cursor() as cursor, tenant_scope(cast.acme.id):
        cursor.execute("SELECT answer FROM tenants_idempotentrequest")
        (stored,) = cursor.fetchone()
        assert url in kept(cast.acme).answer.reveal()
    assert url not in stored


@pytest.fixture
def committed_acme(committed_cast: Cast) -> Caller:
    _, plain = ApiToken.issue(committed_cast.acme, "Tests", Role.OPERATOR)
    return Caller({"Authorization": f"Bearer {plain}"})


def eight_at_once(caller: Caller, path: str, body: Any = None) -> list[Answer]:
    def work(key: str) -> Answer:
        try:
            return post(Caller(caller.headers), key, path, body)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, [str(uuid4())] * 8))


def test_eight_at_once_hire_one_and_get_one_answer(committed_acme: Caller, committed_cast: Cast) -> None:
    answers = eight_at_once(committed_acme, "agents/", MAYA)
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sum(map(is_replayed, answers)) == 7
    with tenant_scope(committed_cast.acme.id):
        assert Agent.objects.count() == 1


def test_eight_at_once_start_one_installation(committed_acme: Caller, committed_cast: Cast) -> None:
    answers = eight_at_once(committed_acme, INSTALL)
    done = [answer for answer in answers if answer.status == 200]
    assert {answer.status for answer in answers} <= {200, 409}
    assert len({answer.json["url"] for answer in done}) == 1
    with tenant_scope(committed_cast.acme.id):
        assert InstallAttempt.objects.count() == 1


def test_a_failed_audit_entry_undoes_the_change(acme: Caller, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no trail")

    monkeypatch.setattr(AuditEvent.objects, "create", fail)
    acme.client.raise_request_exception = False
    assert post(acme, "a-1").status == 500
    with tenant_scope(cast.acme.id):
        assert not Agent.objects.exists()
        assert not IdempotentRequest.objects.exists()
