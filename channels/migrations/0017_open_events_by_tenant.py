from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # indexes are made beside what writes

    dependencies = [
        ('channels', '0016_places_of_what_came_meanwhile'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='inboxevent',
            index=models.Index(condition=models.Q(('state__in', ['received', 'pending', 'running'])), fields=['tenant', 'received_at'], name='channels_event_open'),
        ),
        RemoveIndexConcurrently(
            model_name='inboxevent',
            name='channels_event_waiting',
        ),
    ]
