"""Slack's JSON objects. Shapes: https://docs.slack.dev/reference/objects and each method's page."""

from __future__ import annotations

from typing import Any

from sandbox.settings import SlackApp
from sandbox.slack.state.apps import Apps
from sandbox.slack.state.messages import Messages
from sandbox.slack.state.records import Channel, Message, Person, Workspace
from sandbox.slack.state.workspaces import Workspaces

JsonObject = dict[str, Any]


def team_object(workspace: Workspace) -> JsonObject:
    """https://docs.slack.dev/reference/methods/team.info"""
    return {
        "id": workspace.id,
        "name": workspace.name,
        "url": f"https://{workspace.domain}.slack.com/",
        "domain": workspace.domain,
        "email_domain": "example.com",
        "icon": {"image_default": True},
        "avatar_base_url": "https://ca.slack-edge.com/",
        "is_verified": False,
    }


def user_object(person: Person, app: SlackApp, with_email: bool) -> JsonObject:
    """https://docs.slack.dev/reference/objects/user-object; the email address needs the scope `users:read.email`."""
    profile: JsonObject = {
        "title": "",
        "phone": "",
        "skype": "",
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": person.handle,
        "display_name_normalized": person.handle,
        "status_text": "",
        "status_emoji": "",
        "status_expiration": 0,
        "avatar_hash": "",
        "team": person.team_id,
    }
    profile |= {"bot_id": person.bot_id, "api_app_id": app.app_id, "always_active": True} if person.is_bot else {}
    profile |= {"email": person.email} if with_email and not person.is_bot else {}
    return {
        "id": person.id,
        "team_id": person.team_id,
        "name": person.handle,
        "deleted": False,
        "color": "2453d6",
        "real_name": person.real_name,
        "tz": "Europe/London",
        "tz_label": "Greenwich Mean Time",
        "tz_offset": 0,
        "profile": profile,
        "is_admin": person.is_admin,
        "is_owner": person.is_admin,
        "is_primary_owner": person.is_admin,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": int(person.created),
        "is_email_confirmed": not person.is_bot,
        "who_can_share_contact_card": "EVERYONE",
    }


def channel_object(channel: Channel, members: list[str], reader: str) -> JsonObject:
    """https://docs.slack.dev/reference/objects/conversation-object, as `reader` sees it."""
    shared = {
        "id": channel.id,
        "created": int(channel.created),
        "is_archived": False,
        "is_im": channel.is_im,
        "is_org_shared": False,
        "context_team_id": channel.team_id,
        "updated": int(channel.created * 1000),
    }
    if channel.is_im:
        other = next((user for user in members if user != reader), reader)
        return shared | {"user": other, "is_user_deleted": False, "is_open": True, "priority": 0}
    return shared | _public_channel(channel, members, reader)


def _public_channel(channel: Channel, members: list[str], reader: str) -> JsonObject:
    nothing = {"value": "", "creator": "", "last_set": 0}
    return {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_mpim": False,
        "is_private": False,
        "is_general": channel.name == "general",
        "is_shared": False,
        "is_ext_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "shared_team_ids": [channel.team_id],
        "pending_connected_team_ids": [],
        "previous_names": [],
        "unlinked": 0,
        "parent_conversation": None,
        "creator": channel.creator,
        "is_member": reader in members,
        "topic": nothing,
        "purpose": nothing,
        "num_members": len(members),
    }


class MessageObjects:
    """Messages as Slack shows them."""

    def __init__(self, workspaces: Workspaces, messages: Messages, apps: Apps) -> None:
        self._workspaces = workspaces
        self._messages = messages
        self._apps = apps

    def build(self, message: Message, team: str, with_metadata: bool = True) -> JsonObject:
        """https://docs.slack.dev/reference/events/message, without the fields that only events have."""
        shown: JsonObject = {"type": "message", "user": message.user_id, "ts": message.ts, **message.body}
        if not message.body.get("subtype"):
            shown["team"] = team
        if not with_metadata:
            shown.pop("metadata", None)
        shown |= self._author(message.user_id, team)
        return shown | self._thread(message) | self._reactions(message)

    def _author(self, user: str, team: str) -> JsonObject:
        person = self._workspaces.person(user, team)
        if not person.is_bot:
            return {}
        app_id = self._apps.owner_of(person.id).app.app_id
        profile: JsonObject = {
            "id": person.bot_id,
            "app_id": app_id,
            "user_id": person.id,
            "name": person.real_name,
            "icons": {},
            "deleted": False,
            "updated": int(person.created),
            "team_id": team,
        }
        return {"bot_id": person.bot_id, "app_id": app_id, "bot_profile": profile}

    def _thread(self, message: Message) -> JsonObject:
        if message.thread_ts and message.is_reply:
            parent = self._parent_user(message.channel_id, message.thread_ts)
            return {"thread_ts": message.thread_ts} | ({"parent_user_id": parent} if parent else {})
        replies = self._messages.replies(message.channel_id, message.ts)
        if not replies:
            return {}
        users = list(dict.fromkeys(reply.user_id for reply in replies))
        return {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users_count": len(users),
            "latest_reply": replies[-1].ts,
            "reply_users": users,
            "is_locked": False,
            "subscribed": False,
        }

    def _parent_user(self, channel: str, ts: str) -> str | None:
        try:
            return self._messages.get(channel, ts).user_id
        except KeyError:
            return None

    def _reactions(self, message: Message) -> JsonObject:
        found = self._messages.reactions(message)
        listed = [{"name": name, "users": users, "count": len(users)} for name, users in found.items()]
        return {"reactions": listed} if listed else {}
