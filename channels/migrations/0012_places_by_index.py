from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # indexes are made beside what writes

    dependencies = [
        ('channels', '0011_people_places_and_received'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='inboxevent',
            index=models.Index(condition=models.Q(('state', 'received')), fields=['connection', 'place_id'], name='channels_event_received'),
        ),
        AddIndexConcurrently(
            model_name='thread',
            index=models.Index(fields=['connection', 'place_id'], name='channels_thread_place'),
        ),
    ]
