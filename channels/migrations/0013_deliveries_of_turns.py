import django.db.models.deletion
from django.db import migrations, models

TURNS = """
ALTER TABLE channels_delivery NO FORCE ROW LEVEL SECURITY;
ALTER TABLE agents_turn NO FORCE ROW LEVEL SECURITY;
UPDATE channels_delivery delivery SET turn_id = turn.id FROM agents_turn turn WHERE turn.run_id = delivery.run_id;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE channels_delivery FORCE ROW LEVEL SECURITY;
ALTER TABLE agents_turn FORCE ROW LEVEL SECURITY;
"""
"""A run's turn is written before its deliveries, and goes after them."""


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0008_people'),
        ('channels', '0012_places_by_index'),
    ]

    operations = [
        migrations.RunSQL(TURNS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='delivery',
            name='turn',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='agents.turn'),
        ),
        migrations.RemoveConstraint(model_name='delivery', name='channels_delivery_once'),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('turn', 'sequence'), name='channels_delivery_once'),
        ),
        migrations.RemoveField(model_name='delivery', name='run'),
    ]
