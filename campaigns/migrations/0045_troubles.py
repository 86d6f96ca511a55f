from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0044_holidays_without_calls")]

    operations = [
        migrations.CreateModel(
            name="Trouble",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("what", models.CharField(max_length=80, unique=True)),
                ("failed", models.PositiveIntegerField(help_text="So many items failed the last time.")),
                ("tried", models.PositiveIntegerField(help_text="Of so many.")),
                (
                    "times",
                    models.PositiveIntegerField(
                        default=0, help_text="So many runs failed one after the other."
                    ),
                ),
                ("reason", models.TextField(help_text="The last error, without phone numbers.")),
                ("since", models.DateTimeField()),
            ],
            options={"ordering": ("since",)},
        ),
    ]
