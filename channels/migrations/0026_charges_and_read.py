from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # the index is made beside what writes

    dependencies = [
        ('channels', '0025_feedback'),
        ('tenants', '0015_mails_about_charges'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='read_at',
            field=models.DateTimeField(blank=True, help_text='When the provider said that the person had read it', null=True),
        ),
        migrations.AddField(
            model_name='delivery',
            name='charge_category',
            field=models.CharField(blank=True, db_default='', default='', help_text='What the provider bills it as, by its own word; empty: it did not say', max_length=40),
        ),
        migrations.AddField(
            model_name='delivery',
            name='is_charged',
            field=models.BooleanField(blank=True, help_text='Whether the provider charges for it; empty: it did not say', null=True),
        ),
        AddIndexConcurrently(
            model_name='delivery',
            index=models.Index(condition=models.Q(('is_charged__isnull', False)), fields=['tenant', 'sent_at'], name='channels_delivery_charged'),
        ),
    ]
