from django.db import migrations

TABLES = (
    "agents_turn", "channels_connection", "channels_contact", "channels_inboxevent", "channels_thread",
)  # fmt: skip
THREADS = """
UPDATE channels_thread thread
   SET place_id = md5(CASE
       WHEN connection.provider = 'slack' AND thread.external_id LIKE 'D%%' THEN split_part(thread.external_id, ':', 1)
       ELSE thread.external_id END)::uuid
  FROM channels_connection connection
 WHERE connection.id = thread.connection_id AND thread.place_id IS NULL;
"""
EVENTS = """
UPDATE channels_inboxevent event
   SET place_id = thread.place_id
  FROM channels_thread thread
 WHERE thread.id = event.thread_id AND event.place_id IS NULL
   AND (event.state IN ('pending', 'running', 'answered') OR event.state = 'failed' AND event.author <> '');
"""
DOUBTFUL = """
UPDATE channels_inboxevent event
   SET place_id = md5(CASE
       WHEN event.address->>'channel' LIKE 'D%%' THEN event.address->>'channel'
       ELSE (event.address->>'channel') || ':' || (event.address->>'thread_ts') END)::uuid
 WHERE event.place_id IS NULL AND event.state = 'doubtful' AND event.provider = 'slack';
"""
"""They have no thread yet. Only Slack has them."""
SAID = """
UPDATE agents_turn turn SET person_id = contact.person_id
  FROM channels_inboxevent event
  JOIN channels_contact contact ON contact.connection_id = event.connection_id AND contact.external_id = event.author
 WHERE event.turn_id = turn.id AND event.author <> ''
   AND turn.speaker = 'person' AND turn.person_id IS NULL AND turn.text <> '[erased]';
"""


def _every(words: str) -> str:
    return "\n".join(f"ALTER TABLE {table} {words} ROW LEVEL SECURITY;" for table in TABLES)


class Migration(migrations.Migration):
    """What an older web process stored since migrations 0011 and 0014 has no place, and nobody's turns.

    Nobody would find it. So this runs once the web is restarted (docs/operations.md), and is harmless at any time.
    """

    dependencies = [
        ('channels', '0015_own_apps'),
    ]

    operations = [
        migrations.RunSQL(
            "\n".join(
                [_every("NO FORCE"), THREADS, EVENTS, DOUBTFUL, SAID, "SET CONSTRAINTS ALL IMMEDIATE;", _every("FORCE")]
            ),
            migrations.RunSQL.noop,
        ),
    ]
