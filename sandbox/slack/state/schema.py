"""The tables of the sandbox Slack."""

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS workspace (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, domain TEXT NOT NULL, needs_approval INTEGER NOT NULL,
    last_us INTEGER NOT NULL, created REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS person (
    id TEXT PRIMARY KEY, team_id TEXT NOT NULL REFERENCES workspace, handle TEXT NOT NULL, real_name TEXT NOT NULL,
    email TEXT NOT NULL, is_admin INTEGER NOT NULL, bot_id TEXT, created REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS channel (
    id TEXT PRIMARY KEY, team_id TEXT NOT NULL REFERENCES workspace, name TEXT NOT NULL, is_im INTEGER NOT NULL,
    creator TEXT NOT NULL, created REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS member (
    channel_id TEXT NOT NULL REFERENCES channel, user_id TEXT NOT NULL REFERENCES person,
    PRIMARY KEY (channel_id, user_id)
);
CREATE TABLE IF NOT EXISTS app (
    id TEXT PRIMARY KEY, manifest TEXT NOT NULL, client_id TEXT NOT NULL, client_secret TEXT NOT NULL,
    signing_secret TEXT NOT NULL, created REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS owned (id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES app);
CREATE TABLE IF NOT EXISTS token (
    token TEXT PRIMARY KEY, team_id TEXT NOT NULL REFERENCES workspace, user_id TEXT NOT NULL, installer TEXT NOT NULL,
    scope TEXT NOT NULL, created REAL NOT NULL, revoked REAL
);
CREATE TABLE IF NOT EXISTS oauth_code (
    code TEXT PRIMARY KEY, team_id TEXT NOT NULL REFERENCES workspace, user_id TEXT NOT NULL, scope TEXT NOT NULL,
    redirect_uri TEXT NOT NULL, created REAL NOT NULL, used REAL
);
CREATE TABLE IF NOT EXISTS message (
    channel_id TEXT NOT NULL REFERENCES channel, ts TEXT NOT NULL, user_id TEXT NOT NULL,
    thread_ts TEXT, body TEXT NOT NULL,
    PRIMARY KEY (channel_id, ts)
);
CREATE INDEX IF NOT EXISTS message_by_thread ON message (channel_id, thread_ts, ts);
CREATE TABLE IF NOT EXISTS file (
    id TEXT PRIMARY KEY, team_id TEXT NOT NULL REFERENCES workspace, mimetype TEXT NOT NULL, content BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS reaction (
    channel_id TEXT NOT NULL, ts TEXT NOT NULL, name TEXT NOT NULL, user_id TEXT NOT NULL,
    PRIMARY KEY (channel_id, ts, name, user_id)
);
CREATE TABLE IF NOT EXISTS event (
    event_id TEXT PRIMARY KEY, team_id TEXT NOT NULL, channel_id TEXT, ts TEXT, type TEXT NOT NULL,
    payload TEXT NOT NULL,
    created REAL NOT NULL, finished REAL
);
CREATE TABLE IF NOT EXISTS attempt (
    event_id TEXT NOT NULL REFERENCES event, at REAL NOT NULL, retry_num INTEGER NOT NULL, retry_reason TEXT,
    status INTEGER, error TEXT
);
"""
