"""One worker at a time for an account and kind of work; our own errors and XFin's clock on the account."""

import django.core.validators
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forbid_redials(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take XFin's own redials out of templates, and have them go up again."""
    redialling = apps.get_model("campaigns", "Template").objects.filter(num_backups__gt=0)
    redialling.update(num_backups=0, sync_state="pending", sync_reason="XFin's own redials are taken out.")


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0023_unclear_hand_overs"),
    ]

    operations = [
        migrations.CreateModel(
            name="Turn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Kind of work, and the account's key.", max_length=60, unique=True
                    ),
                ),
                ("holder", models.CharField(blank=True, default="", max_length=40)),
                ("until", models.DateTimeField()),
                (
                    "places",
                    models.JSONField(blank=True, default=dict, help_text="Where the next one goes on."),
                ),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.AddField(
            model_name="account",
            name="clock_skew",
            field=models.FloatField(
                blank=True,
                editable=False,
                help_text="Seconds by which XFin's clock is ahead of ours, by the Date of its replies.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="own_failure",
            field=models.TextField(
                blank=True,
                default="",
                editable=False,
                help_text="The last of our own errors in work for this account. Other accounts are not affected.",
                verbose_name="what failed with us",
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="own_failures",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AlterField(
            model_name="template",
            name="num_backups",
            field=models.PositiveSmallIntegerField(
                default=0,
                validators=[
                    django.core.validators.MaxValueValidator(
                        0, "XFin's own redials are judged by no rule: use the campaign's retries."
                    )
                ],
                verbose_name="redials by XFin",
            ),
        ),
        migrations.RunPython(forbid_redials, migrations.RunPython.noop),
    ]
