"""Services outside that are asked and told: allowed hosts, what waits for them, and asking before a call."""

import campaigns.clock
import campaigns.fields
import campaigns.models.base
import campaigns.models.services
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0031_pronunciation"),
    ]

    operations = [
        migrations.CreateModel(
            name="AllowedHost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=campaigns.clock.now, editable=False)),
                ("changed_at", models.DateTimeField(default=campaigns.clock.now, editable=False)),
                (
                    "host",
                    models.CharField(
                        help_text="As in the address, e.g. api.example.in. Nothing below it is included.",
                        max_length=253,
                    ),
                ),
                (
                    "port",
                    models.PositiveIntegerField(
                        default=443,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(65535),
                        ],
                    ),
                ),
                (
                    "own_network",
                    models.BooleanField(
                        default=False,
                        help_text="Otherwise private and local addresses are refused, whatever the name resolves to.",
                        verbose_name="may be in our own network",
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=200)),
            ],
            options={
                "verbose_name": "allowed host",
                "ordering": ("host", "port"),
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=campaigns.clock.now, editable=False)),
                ("changed_at", models.DateTimeField(default=campaigns.clock.now, editable=False)),
                ("key", models.UUIDField(editable=False, help_text="The Idempotency-Key.", unique=True)),
                ("service_name", models.CharField(max_length=60)),
                (
                    "reference",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Of the attempt; empty if the person called us.",
                        max_length=40,
                    ),
                ),
                (
                    "values",
                    models.JSONField(blank=True, default=dict, help_text="Deleted once they are delivered."),
                ),
                ("at", models.DateTimeField(help_text="When it happened.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("delivered", "Delivered"),
                            ("given_up", "Given up"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("reason", models.TextField(blank=True, default="Waiting for its first try.")),
                ("tries", models.PositiveIntegerField(default=0)),
                ("next_try_at", models.DateTimeField()),
                ("give_up_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="OutsideService",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=campaigns.clock.now, editable=False)),
                ("changed_at", models.DateTimeField(default=campaigns.clock.now, editable=False)),
                ("name", models.CharField(max_length=60, unique=True)),
                (
                    "url",
                    models.URLField(
                        help_text="It gets POST requests with JSON.", max_length=500, verbose_name="address"
                    ),
                ),
                (
                    "key_id",
                    models.CharField(
                        default=campaigns.models.services.new_key_id,
                        editable=False,
                        max_length=20,
                        unique=True,
                    ),
                ),
                (
                    "secret",
                    campaigns.fields.EncryptedTextField(
                        default=campaigns.models.base.new_secret, editable=False
                    ),
                ),
                (
                    "timeout_seconds",
                    models.FloatField(
                        default=2.0,
                        help_text="For the whole request, from the look-up of the name to the last byte.",
                        validators=[
                            django.core.validators.MinValueValidator(0.2),
                            django.core.validators.MaxValueValidator(10),
                        ],
                        verbose_name="seconds to answer",
                    ),
                ),
                (
                    "give_up_hours",
                    models.PositiveSmallIntegerField(
                        default=24,
                        help_text="So long it is tried to tell something; then it is given up and shown.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(168),
                        ],
                        verbose_name="hours to try",
                    ),
                ),
                (
                    "sends",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Names of values of the list; `phone` and `name` are the person's.",
                        validators=[campaigns.models.services.check_names],
                        verbose_name="values sent before a call",
                    ),
                ),
                (
                    "returns",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Their names and kinds. All others are passed over.",
                        validators=[campaigns.models.services.check_returns],
                        verbose_name="values it may return",
                    ),
                ),
                (
                    "active",
                    models.BooleanField(
                        default=True, help_text="Otherwise nothing is asked; what waits, waits."
                    ),
                ),
            ],
            options={
                "verbose_name": "outside service",
                "ordering": ("name",),
            },
        ),
        migrations.RemoveConstraint(
            model_name="recipient",
            name="recipient_state_known",
        ),
        migrations.AddField(
            model_name="campaign",
            name="when_silent",
            field=models.CharField(
                choices=[
                    ("call", "Call all the same"),
                    ("put_off", "Ask again in half an hour"),
                    ("skip", "Do not call"),
                ],
                default="call",
                max_length=10,
                verbose_name="if it does not answer",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="fetched",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="What a service said before the call: it goes before the list.",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="put_offs",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="How often the service that is asked before the call had it put off."
            ),
        ),
        migrations.AlterField(
            model_name="recipient",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("under_way", "Under way"),
                    ("completed", "Completed"),
                    ("unreached", "Not reached"),
                    ("failed", "Failed"),
                    ("suppressed", "Must not be called"),
                    ("blocked", "Blocked by a rule"),
                    ("skipped", "No call needed"),
                    ("cancelled", "Cancelled"),
                    ("unknown", "Unknown"),
                ],
                default="waiting",
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="recipient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "waiting",
                            "under_way",
                            "completed",
                            "unreached",
                            "failed",
                            "suppressed",
                            "blocked",
                            "skipped",
                            "cancelled",
                            "unknown",
                        ],
                    )
                ),
                name="recipient_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="allowedhost",
            constraint=models.UniqueConstraint(fields=("host", "port"), name="one_allowed_host_a_port"),
        ),
        migrations.AddField(
            model_name="notification",
            name="recipient",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="notifications",
                to="campaigns.recipient",
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="service",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notifications",
                to="campaigns.outsideservice",
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="asks",
            field=models.ForeignKey(
                blank=True,
                help_text="This service says whether to call, to wait or to leave it. Empty: none is asked.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="campaigns",
                to="campaigns.outsideservice",
                verbose_name="ask before each call",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("when_silent__in", ["call", "put_off", "skip"])),
                name="campaign_when_silent_known",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["service", "next_try_at"],
                name="notification_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "delivered", "given_up"])),
                name="notification_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("settled_at__isnull", True), ("state", "waiting")),
                    models.Q(models.Q(("state", "waiting"), _negated=True), ("settled_at__isnull", False)),
                    _connector="OR",
                ),
                name="notification_settled_has_time",
            ),
        ),
    ]
