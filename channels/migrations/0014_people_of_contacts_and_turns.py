import django.db.models.deletion
from django.db import migrations, models

TABLES = (
    "agents_person", "agents_turn", "channels_contact", "channels_connection", "channels_inboxevent", "channels_thread",
)
PEOPLE = """
INSERT INTO agents_person (id, tenant_id, name, created_at)
SELECT id, tenant_id, CASE WHEN name = external_id THEN '' ELSE name END,
       to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
  FROM channels_contact WHERE person_id IS NULL;
UPDATE channels_contact SET person_id = id WHERE person_id IS NULL;
"""
"""A contact's id has the time at which it was made."""
SAID = """
UPDATE agents_turn turn SET person_id = contact.person_id
  FROM channels_inboxevent event
  JOIN channels_contact contact ON contact.connection_id = event.connection_id AND contact.external_id = event.author
 WHERE event.turn_id = turn.id AND event.author <> ''
   AND turn.speaker = 'person' AND turn.person_id IS NULL AND turn.text <> '[erased]';
"""
BEFORE = """
WITH said AS (
  SELECT turn.id, turn.author, COALESCE(event.connection_id, thread.connection_id) AS connection_id
    FROM agents_turn turn
    LEFT JOIN channels_inboxevent event ON event.turn_id = turn.id
    LEFT JOIN channels_thread thread ON thread.conversation_id = turn.conversation_id
   WHERE turn.speaker = 'person' AND turn.person_id IS NULL AND turn.author <> '' AND turn.text <> '[erased]'
), known AS (
  SELECT connection_id, external_id AS author, person_id FROM channels_contact
  UNION
  SELECT connection_id, min(name), (array_agg(person_id))[1] FROM channels_contact named
   WHERE name <> '' AND NOT EXISTS (
     SELECT FROM channels_contact other WHERE other.connection_id = named.connection_id AND other.external_id = named.name
   )
   GROUP BY connection_id, name HAVING count(*) = 1
)
UPDATE agents_turn turn SET person_id = known.person_id
  FROM said JOIN known USING (connection_id, author)
 WHERE said.id = turn.id;
"""
"""From before events kept their author: by the id, or by a name that only one person there has."""


def _every(words: str) -> str:
    return "\n".join(f"ALTER TABLE {table} {words} ROW LEVEL SECURITY;" for table in TABLES)


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0008_people'),
        ('channels', '0013_deliveries_of_turns'),
    ]

    operations = [
        migrations.RunSQL(
            "\n".join([_every("NO FORCE"), PEOPLE, SAID, BEFORE, "SET CONSTRAINTS ALL IMMEDIATE;", _every("FORCE")]),
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name='contact',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contacts', to='agents.person'),
        ),
    ]
