"""Why a drift could not be repaired is kept as a code with parameters. The other changes touch only help texts."""

import datetime

from django.db import migrations, models

from tenants.models.fields import StoreReason


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0006_other_items_and_pauses"),
    ]

    operations = [
        StoreReason("drift", "problem"),
        migrations.AlterField(
            model_name="entitlement",
            name="checkout_session_id",
            field=models.CharField(blank=True, help_text="The open Checkout", max_length=255),
        ),
        migrations.AlterField(
            model_name="entitlement",
            name="clock_ahead",
            field=models.DurationField(
                default=datetime.timedelta,
                help_text="How far the customer's test clock is ahead; only in Stripe's test mode",
            ),
        ),
        migrations.AlterField(
            model_name="entitlement",
            name="collection_pause",
            field=models.CharField(
                blank=True,
                help_text="What happens to invoices while their collection is paused at Stripe",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="entitlement",
            name="customer_card_id",
            field=models.CharField(
                blank=True, help_text="The customer's default card at the last sync", max_length=255
            ),
        ),
        migrations.AlterField(
            model_name="entitlement",
            name="is_foreign",
            field=models.BooleanField(
                default=False,
                help_text="Its price was replaced at Stripe with one that is not ours: seats stay as they were",
            ),
        ),
        migrations.AlterField(
            model_name="entitlement",
            name="other_items",
            field=models.JSONField(
                blank=True, default=list, help_text="What else the subscription charges for, not sold here"
            ),
        ),
        migrations.AlterField(
            model_name="entitlement",
            name="pay_url",
            field=models.URLField(blank=True, help_text="Stripe's page for paying the open invoice", max_length=500),
        ),
        migrations.AlterField(
            model_name="entitlement",
            name="schedule_id",
            field=models.CharField(blank=True, help_text="What changes when the period ends", max_length=255),
        ),
        migrations.AlterField(
            model_name="entitlement",
            name="subscription_card_id",
            field=models.CharField(
                blank=True, help_text="The subscription's own card at the last sync", max_length=255
            ),
        ),
        migrations.AlterField(
            model_name="entitlement",
            name="unit_usd",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Price of one seat, even if that price is no longer sold",
                max_digits=12,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("trial_ending", "The trial ends soon"),
                    ("payment_failed", "A payment failed"),
                    ("action_required", "The bank asks for confirmation"),
                    ("canceled", "The subscription ended"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="syncrequest",
            name="reason",
            field=models.CharField(blank=True, help_text="The event's type, or a code of ours", max_length=80),
        ),
    ]
