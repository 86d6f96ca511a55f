"""What came of replaying a dialogue's past calls with its draft, and how far that is."""

import campaigns.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0009_callers_and_tags"),
        ("campaigns", "0034_inbound"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Replay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting to begin"), ("running", "Under way"), ("done", "Done")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField(default=campaigns.clock.now)),
                ("most", models.PositiveIntegerField(help_text="Calls at most, the latest.")),
                ("found", models.PositiveIntegerField(default=0, help_text="Calls that there are of these.")),
                ("done", models.PositiveIntegerField(default=0, help_text="Calls replayed so far.")),
                (
                    "revision",
                    models.PositiveIntegerField(
                        default=0, help_text="Of the draft that they were replayed with."
                    ),
                ),
                (
                    "claim",
                    models.CharField(
                        blank=True, default="", help_text="Of the worker that replays.", max_length=40
                    ),
                ),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("made_at", models.DateTimeField(blank=True, null=True)),
                ("seconds", models.FloatField(default=0.0, help_text="It took so long.")),
                ("figures", models.JSONField(blank=True, default=dict)),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "dialogue",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="replay",
                        to="campaigns.dialogue",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "running", "done"])),
                        name="replay_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "running"), _negated=True),
                            ("claimed_until__isnull", False),
                            _connector="OR",
                        ),
                        name="replay_running_is_claimed",
                    ),
                ],
            },
        ),
    ]
