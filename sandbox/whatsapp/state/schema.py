"""The tables of the sandbox WhatsApp."""

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS wa_business (
    phone_id TEXT PRIMARY KEY, account_id TEXT NOT NULL UNIQUE, app_id TEXT NOT NULL, app_secret TEXT NOT NULL,
    name TEXT NOT NULL, number TEXT NOT NULL UNIQUE, quality TEXT NOT NULL, about TEXT NOT NULL,
    is_subscribed INTEGER NOT NULL, callback_url TEXT NOT NULL, is_registered INTEGER NOT NULL, created REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS wa_token (
    token TEXT PRIMARY KEY, phone_id TEXT NOT NULL REFERENCES wa_business, scopes TEXT NOT NULL,
    expires_at INTEGER NOT NULL, is_valid INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS wa_person (
    key TEXT PRIMARY KEY, name TEXT NOT NULL, wa_id TEXT NOT NULL, user_id TEXT NOT NULL, username TEXT NOT NULL,
    shows TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS wa_message (
    id TEXT PRIMARY KEY, phone_id TEXT NOT NULL REFERENCES wa_business, person TEXT NOT NULL REFERENCES wa_person,
    is_from_person INTEGER NOT NULL, body TEXT NOT NULL, at REAL NOT NULL, status TEXT NOT NULL,
    opaque TEXT NOT NULL, is_typing INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS wa_message_by_chat ON wa_message (phone_id, person, at);
CREATE TABLE IF NOT EXISTS wa_media (
    id TEXT PRIMARY KEY, phone_id TEXT NOT NULL REFERENCES wa_business, mime_type TEXT NOT NULL, content BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS wa_template (
    id TEXT PRIMARY KEY, account_id TEXT NOT NULL, name TEXT NOT NULL, language TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS wa_webhook (
    id TEXT PRIMARY KEY, phone_id TEXT NOT NULL REFERENCES wa_business, field TEXT NOT NULL, payload TEXT NOT NULL,
    created REAL NOT NULL, finished REAL, tries INTEGER NOT NULL, last TEXT NOT NULL
);
"""
