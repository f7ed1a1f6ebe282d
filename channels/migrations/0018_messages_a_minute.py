from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# Whoever finds what is due, over all tenants, reads which messages wait until when.
SEEN = "GRANT SELECT (held_until) ON channels_inboxevent TO sweeper"


class Migration(migrations.Migration):

    atomic = False  # the index is made beside what writes

    dependencies = [
        ('channels', '0017_open_events_by_tenant'),
    ]

    operations = [
        migrations.AddField(
            model_name='inboxevent',
            name='taken_at',
            field=models.DateTimeField(editable=False, help_text='When its answer was begun first', null=True),
        ),
        migrations.AddField(
            model_name='inboxevent',
            name='held_until',
            field=models.DateTimeField(editable=False, help_text='Over a limit of messages a minute, it waits until then', null=True),
        ),
        migrations.RunSQL(SEEN, migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name='inboxevent',
            index=models.Index(condition=models.Q(('taken_at__isnull', False)), fields=['tenant', 'taken_at'], name='channels_event_taken'),
        ),
    ]
