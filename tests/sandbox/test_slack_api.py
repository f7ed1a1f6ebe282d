"""The Web API, with the official client."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.conftest import Sandbox, Workspace

METADATA = {"event_type": "delivery", "event_payload": {"delivery_id": "d-1"}}


def refusal(error: pytest.ExceptionInfo[SlackApiError]) -> str:
    """The error code of a refusal."""
    return str(error.value.response["error"])


def test_a_posted_message_comes_back_as_slack_shows_it(workspace: Workspace) -> None:
    answer = workspace.client.chat_postMessage(
        channel=workspace.general, text="Hello", unfurl_links=False, metadata=METADATA
    )
    assert answer["channel"] == workspace.general
    assert re.fullmatch(r"\d{10}\.\d{6}", answer["ts"])
    message = answer["message"]
    assert (message["type"], message["text"], message["ts"]) == ("message", "Hello", answer["ts"])
    assert (message["user"], message["team"]) == (workspace.bot, workspace.id)
    assert message["bot_id"].startswith("B")
    assert message["app_id"] == message["bot_profile"]["app_id"]
    assert message["metadata"] == METADATA


def test_headers_tell_scopes_and_a_request_id(workspace: Workspace) -> None:
    answer = workspace.client.chat_postMessage(channel=workspace.general, text="Hello")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert "chat:write" in headers["x-oauth-scopes"].split(",")
    assert headers["x-accepted-oauth-scopes"] == "chat:write"
    assert headers["x-slack-req-id"]


def test_every_ts_of_a_workspace_is_unique_and_grows(workspace: Workspace) -> None:
    stamps = [workspace.client.chat_postMessage(channel=workspace.general, text=str(n))["ts"] for n in range(10)]
    assert stamps == sorted(set(stamps))


def test_a_user_id_as_channel_opens_the_direct_message(workspace: Workspace) -> None:
    sent = workspace.client.chat_postMessage(channel=workspace.ben, text="Hi Ben")
    opened = workspace.client.conversations_open(users=workspace.ben)
    assert sent["channel"] == opened["channel"]["id"]
    assert sent["channel"].startswith("D")
    assert opened["already_open"] is True


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "support", "text": "x"}, "not_in_channel"),
        ({"channel": "general"}, "no_text"),
        ({"channel": "general", "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": "general", "text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        ({"channel": "general", "text": "x", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"channel": "general", "blocks": "{"}, "invalid_blocks_format"),
    ],
)
def test_a_message_that_slack_would_refuse_is_refused(
    workspace: Workspace, arguments: dict[str, object], error: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        workspace.client.api_call("chat.postMessage", json=arguments)
    assert refusal(refused) == error


def test_tokens_are_checked(workspace: Workspace) -> None:
    for token, error in ((None, "not_authed"), ("xoxb-wrong", "invalid_auth")):
        with pytest.raises(SlackApiError) as refused:
            workspace.sandbox.client(token).auth_test()
        assert refusal(refused) == error
    assert workspace.client.auth_revoke()["revoked"] is True
    with pytest.raises(SlackApiError) as refused:
        workspace.client.auth_test()
    assert refusal(refused) == "token_revoked"


def test_a_missing_scope_names_what_is_needed_and_provided(sandbox: Sandbox) -> None:
    facts = sandbox.slack("workspaces", install=True, scope="chat:write", join=["general"])
    with pytest.raises(SlackApiError) as refused:
        sandbox.client(facts["access_token"]).users_info(user=facts["people"][0]["id"])
    assert refused.value.response.data == {
        "ok": False,
        "error": "missing_scope",
        "needed": "users:read",
        "provided": "chat:write",
    }


def test_a_token_and_arguments_may_come_as_a_form(workspace: Workspace) -> None:
    form = {
        "token": workspace.facts["access_token"],
        "channel": workspace.general,
        "blocks": json.dumps([{"type": "section", "text": {"type": "mrkdwn", "text": "*Hi*"}}]),
    }
    answer = workspace.sandbox.http.post("/slack/api/chat.postMessage", data=form).json()
    assert answer["message"]["blocks"][0]["type"] == "section"


def test_update_and_delete_work_only_on_own_messages(workspace: Workspace) -> None:
    ts = workspace.client.chat_postMessage(channel=workspace.general, text="one")["ts"]
    updated = workspace.client.chat_update(channel=workspace.general, ts=ts, text="two")
    assert (updated["text"], updated["message"]["edited"]["user"]) == ("two", workspace.bot)
    assert workspace.client.chat_delete(channel=workspace.general, ts=ts)["ts"] == ts
    bens = workspace.says("mine")["ts"]
    with pytest.raises(SlackApiError) as refused:
        workspace.client.chat_delete(channel=workspace.general, ts=bens)
    assert refusal(refused) == "cant_delete_message"


def test_history_shows_metadata_on_request_and_pages_newest_first(workspace: Workspace) -> None:
    workspace.sandbox.slack("limits", history_limited=False)
    sent = [
        workspace.client.chat_postMessage(channel=workspace.general, text=str(n), metadata=METADATA)["ts"]
        for n in range(3)
    ]
    page = workspace.client.conversations_history(channel=workspace.general, limit=2, include_all_metadata=True)
    assert [message["ts"] for message in page["messages"]] == [sent[2], sent[1]]
    assert page["messages"][0]["metadata"] == METADATA
    assert page["has_more"] is True
    cursor = page["response_metadata"]["next_cursor"]
    rest = workspace.client.conversations_history(channel=workspace.general, limit=2, cursor=cursor)
    assert rest["messages"][0]["ts"] == sent[0]
    assert "metadata" not in rest["messages"][0]
    only = workspace.client.conversations_history(
        channel=workspace.general, oldest=sent[1], latest=sent[1], inclusive=True
    )
    assert [message["ts"] for message in only["messages"]] == [sent[1]]


def test_history_is_limited_to_one_call_a_minute_and_15_messages(workspace: Workspace) -> None:
    for number in range(16):
        workspace.client.chat_postMessage(channel=workspace.general, text=str(number))
    page = workspace.client.conversations_history(channel=workspace.general, limit=100)
    assert len(page["messages"]) == 15
    with pytest.raises(SlackApiError) as refused:
        workspace.client.conversations_history(channel=workspace.general)
    assert (refused.value.response.status_code, refusal(refused)) == (429, "ratelimited")
    assert 50 <= int(refused.value.response.headers["Retry-After"]) <= 60


def test_replies_start_with_the_first_message(workspace: Workspace) -> None:
    ts = workspace.says("question")["ts"]
    reply = workspace.client.chat_postMessage(channel=workspace.general, text="answer", thread_ts=ts, metadata=METADATA)
    thread = workspace.client.conversations_replies(channel=workspace.general, ts=ts, include_all_metadata=True)
    first, second = thread["messages"]
    assert (first["ts"], first["reply_count"], first["latest_reply"]) == (ts, 1, reply["ts"])
    assert (second["thread_ts"], second["parent_user_id"], second["metadata"]) == (ts, workspace.ben, METADATA)


def test_too_many_messages_at_once_are_limited(workspace: Workspace) -> None:
    workspace.sandbox.slack("limits", post_burst=2)
    for text in ("one", "two"):
        workspace.client.chat_postMessage(channel=workspace.general, text=text)
    with pytest.raises(SlackApiError) as refused:
        workspace.client.chat_postMessage(channel=workspace.general, text="three")
    assert (refused.value.response.status_code, refusal(refused)) == (429, "rate_limited")
    assert int(refused.value.response.headers["Retry-After"]) >= 1


def test_channels_are_listed_joined_and_described(workspace: Workspace) -> None:
    page = workspace.client.conversations_list(limit=1)
    rest = workspace.client.conversations_list(limit=1, cursor=page["response_metadata"]["next_cursor"])
    assert [page["channels"][0]["name"], rest["channels"][0]["name"]] == ["general", "support"]
    assert rest["response_metadata"]["next_cursor"] == ""
    assert rest["channels"][0]["is_member"] is False
    assert workspace.client.conversations_join(channel=workspace.support)["channel"]["is_member"] is True
    described = workspace.client.conversations_info(channel=workspace.support, include_num_members=True)
    assert (described["channel"]["name"], described["channel"]["num_members"]) == ("support", 4)


def test_people_and_the_workspace_are_described(workspace: Workspace) -> None:
    user = workspace.client.users_info(user=workspace.ben)["user"]
    assert (user["name"], user["profile"]["real_name"], user["is_bot"]) == ("ben", "Ben Lindqvist", False)
    assert "email" not in user["profile"]
    assert workspace.client.team_info()["team"]["id"] == workspace.id


def test_reactions_and_status_are_accepted(workspace: Workspace) -> None:
    ts = workspace.says("well done")["ts"]
    assert workspace.client.reactions_add(channel=workspace.general, name="eyes", timestamp=ts)["ok"]
    with pytest.raises(SlackApiError) as refused:
        workspace.client.reactions_add(channel=workspace.general, name="eyes", timestamp=ts)
    assert refusal(refused) == "already_reacted"
    assert workspace.client.assistant_threads_setStatus(
        channel_id=workspace.general, thread_ts=ts, status="is thinking…"
    )["ok"]
    page = workspace.sandbox.http.get(
        "/slack/chat/messages", params={"team": workspace.id, "channel": workspace.general}
    )
    assert "Roster is thinking…" in page.text


def test_another_method_is_unknown(workspace: Workspace) -> None:
    with pytest.raises(SlackApiError) as refused:
        workspace.client.api_call("admin.users.list")
    assert refusal(refused) == "unknown_method"


@pytest.mark.parametrize(("kind", "status"), [("429", 429), ("500", 500), ("503", 503)])
def test_a_fault_happens_once_and_then_calls_work_again(workspace: Workspace, kind: str, status: int) -> None:
    workspace.sandbox.slack("faults", method="auth.test", kind=kind, seconds=7)
    headers = {"Authorization": f"Bearer {workspace.facts['access_token']}"}
    answers = [workspace.sandbox.http.post("/slack/api/auth.test", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, 200]
    assert answers[0].headers.get("retry-after") == ("7" if kind == "429" else None)


def test_a_dropped_message_is_stored_although_nobody_answers(workspace: Workspace) -> None:
    workspace.sandbox.slack("faults", method="chat.postMessage", kind="drop")
    body = {"channel": workspace.general, "text": "lost?", "metadata": METADATA}
    headers = {"Authorization": f"Bearer {workspace.facts['access_token']}"}
    with pytest.raises(httpx.RemoteProtocolError):
        workspace.sandbox.http.post("/slack/api/chat.postMessage", json=body, headers=headers)
    found = workspace.client.conversations_history(channel=workspace.general, include_all_metadata=True)
    assert [message["metadata"] for message in found["messages"] if message["text"] == "lost?"] == [METADATA]


def test_a_hanging_or_cut_call_stores_nothing(workspace: Workspace) -> None:
    for kind, error in (("hang", httpx.ReadTimeout), ("cut", httpx.RemoteProtocolError)):
        workspace.sandbox.slack("faults", method="chat.postMessage", kind=kind, seconds=5)
        with pytest.raises(error):
            httpx.post(f"{workspace.sandbox.url}/slack/api/chat.postMessage", timeout=1)
    calls = workspace.sandbox.http.get("/slack/control/calls").json()
    assert calls["calls"] == {"chat.postMessage": 2}
    assert [request["fault"] for request in calls["requests"]] == ["hang", "cut"]
    assert not [
        m
        for m in workspace.client.conversations_history(channel=workspace.general)["messages"]
        if "bot_id" in m and not m.get("subtype")
    ]


def test_the_sandbox_survives_many_cut_connections(workspace: Workspace) -> None:
    workspace.sandbox.slack("faults", method="auth.test", kind="cut", times=30)
    for _ in range(30):
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.post(f"{workspace.sandbox.url}/slack/api/auth.test", timeout=2)
    assert workspace.client.auth_test()["ok"]


def test_markdown_blocks_are_limited_together_and_shown_on_the_chat_page(workspace: Workspace) -> None:
    def blocks(*texts: str) -> list[dict[str, str]]:
        return [{"type": "markdown", "text": text} for text in texts]

    with pytest.raises(SlackApiError) as refused:
        workspace.client.chat_postMessage(channel=workspace.general, text="x", blocks=blocks("a" * 6_001, "b" * 6_000))
    assert refusal(refused) == "msg_blocks_too_long"
    table = "| a | b |\n| --- | --- |\n| 1 | <script> |\n\n![p](https://a.example/p.png)\n\n- **x**"
    workspace.client.chat_postMessage(channel=workspace.general, text="x", blocks=blocks(table))
    query = {"team": workspace.id, "channel": workspace.general}
    page = workspace.sandbox.http.get("/slack/chat/messages", params=query).text
    assert "<td>&lt;script&gt;</td>" in page
    assert '<a href="https://a.example/p.png" rel="noreferrer">p</a>' in page
    assert "<strong>x</strong>" in page


def test_errors_and_odd_answers_come_on_request(workspace: Workspace) -> None:
    workspace.sandbox.slack("faults", method="chat.postMessage", kind="error", answer="thread_not_found")
    with pytest.raises(SlackApiError) as refused:
        workspace.client.chat_postMessage(channel=workspace.general, text="lost")
    assert refusal(refused) == "thread_not_found"
    workspace.sandbox.slack("faults", method="chat.postMessage", kind="answer", answer={"ok": True})
    assert workspace.client.chat_postMessage(channel=workspace.general, text="kept").data == {"ok": True}
    history = workspace.client.conversations_history(channel=workspace.general)
    assert [message["text"] for message in history["messages"]][:1] == ["kept"]


def test_slacks_own_messages_take_no_replies(workspace: Workspace) -> None:
    history = workspace.client.conversations_history(channel=workspace.general)
    joined = next(message["ts"] for message in history["messages"] if message.get("subtype") == "channel_join")
    with pytest.raises(SlackApiError) as refused:
        workspace.client.chat_postMessage(channel=workspace.general, text="x", thread_ts=joined)
    assert refusal(refused) == "cannot_reply_to_message"
