"""Leases of exports, mails, idempotent requests and incidents get the same columns: see tenants.models.Job."""

import django.db.models.functions.datetime
from django.db import migrations, models

from tenants.row_level_security import AllowRenewals

# A new column of a mail says when it is due. Under FORCE the owner would see no rows.
WAITING_MAILS = """
ALTER TABLE tenants_mail NO FORCE ROW LEVEL SECURITY;
UPDATE tenants_mail SET retry_at = next_attempt_at WHERE state = 'waiting';
ALTER TABLE tenants_mail FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0011_sentences_as_codes'),
    ]

    operations = [
        # Processes of the version before still write these: the columns stay until a later release drops them.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex(
                    model_name='mail',
                    name='tenants_mail_due',
                ),
                migrations.RemoveField(
                    model_name='incident',
                    name='mail_leased_until',
                ),
                migrations.RemoveField(
                    model_name='mail',
                    name='next_attempt_at',
                ),
            ],
        ),
        migrations.AddField(
            model_name='export',
            name='failures',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='Failed attempts in a row'),
        ),
        migrations.AddField(
            model_name='export',
            name='retry_at',
            field=models.DateTimeField(blank=True, help_text='It waits until then', null=True),
        ),
        migrations.AddField(
            model_name='idempotentrequest',
            name='attempt',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='Fences: the result of an older attempt is dropped'),
        ),
        migrations.AddField(
            model_name='idempotentrequest',
            name='failures',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='Failed attempts in a row'),
        ),
        migrations.AddField(
            model_name='idempotentrequest',
            name='leased_until',
            field=models.DateTimeField(blank=True, help_text='Until then nobody else may claim it', null=True),
        ),
        migrations.AddField(
            model_name='idempotentrequest',
            name='retry_at',
            field=models.DateTimeField(blank=True, help_text='It waits until then', null=True),
        ),
        migrations.AddField(
            model_name='incident',
            name='attempt',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='Fences: the result of an older attempt is dropped'),
        ),
        migrations.AddField(
            model_name='incident',
            name='failures',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='Failed attempts in a row'),
        ),
        migrations.AddField(
            model_name='incident',
            name='leased_until',
            field=models.DateTimeField(blank=True, help_text='Until then nobody else may claim it', null=True),
        ),
        migrations.AddField(
            model_name='incident',
            name='retry_at',
            field=models.DateTimeField(blank=True, help_text='It waits until then', null=True),
        ),
        migrations.AddField(
            model_name='mail',
            name='failures',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='Failed attempts in a row'),
        ),
        migrations.AddField(
            model_name='mail',
            name='leased_until',
            field=models.DateTimeField(blank=True, help_text='Until then nobody else may claim it', null=True),
        ),
        migrations.AddField(
            model_name='mail',
            name='retry_at',
            field=models.DateTimeField(blank=True, db_default=django.db.models.functions.datetime.Now(), help_text='When it is due; empty for mails with a secret', null=True),
        ),
        migrations.AlterField(
            model_name='export',
            name='attempt',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='Fences: the result of an older attempt is dropped'),
        ),
        migrations.AlterField(
            model_name='export',
            name='leased_until',
            field=models.DateTimeField(blank=True, help_text='Until then nobody else may claim it', null=True),
        ),
        migrations.AlterField(
            model_name='mail',
            name='attempt',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='Fences: the result of an older attempt is dropped'),
        ),
        migrations.RunSQL(WAITING_MAILS, migrations.RunSQL.noop),
        AllowRenewals("Export"),
        AllowRenewals("IdempotentRequest"),
        AllowRenewals("Incident"),
        AllowRenewals("Mail"),
    ]
