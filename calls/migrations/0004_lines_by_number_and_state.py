"""A number's live calls are found without its earlier ones."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0003_call_statistics"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["number", "state"], name="call_lines"),
        ),
    ]
