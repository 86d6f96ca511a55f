"""Two indexes that every change of a message wrote: one that nothing read, one that needs only ended messages."""

import campaigns.models.base
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0020_government_calls"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="message",
            name="message_settled",
        ),
        migrations.AlterField(
            model_name="message",
            name="reference",
            field=models.CharField(
                default=campaigns.models.base.new_message_reference, editable=False, max_length=40
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("settled_at__isnull", False)),
                fields=["settled_at"],
                name="message_settled",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(fields=("reference",), name="message_reference_once"),
        ),
    ]
