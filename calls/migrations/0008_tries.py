"""A draft that is tried in the studio has a call without a number, which counts nowhere."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0007_answers"),
        ("campaigns", "0033_reminders_of_appointments"),
    ]

    operations = [
        migrations.AlterField(
            model_name="call",
            name="direction",
            field=models.CharField(
                choices=[
                    ("outbound", "We called"),
                    ("inbound", "They called"),
                    ("try", "Tried in the studio"),
                ],
                default="inbound",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="number",
            field=models.ForeignKey(
                blank=True,
                help_text="None if a draft is tried in the studio: then no phone rings.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="calls",
                to="campaigns.phonenumber",
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("direction", "try"), ("number__isnull", True)),
                    models.Q(models.Q(("direction", "try"), _negated=True), ("number__isnull", False)),
                    _connector="OR",
                ),
                name="call_try_has_no_number",
            ),
        ),
    ]
