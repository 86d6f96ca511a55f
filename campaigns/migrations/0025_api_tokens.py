"""Tokens of the API with a hash, a scope and an end; those of before become such, good for 90 days more."""

import hashlib
from datetime import timedelta
from typing import Any

from campaigns import clock
from campaigns.pseudonyms import token_name
import campaigns.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


DAYS_MORE = 90
OLD = "authtoken_token"


def take_over(apps: Any, schema_editor: Any) -> None:
    """Keep the hashes of the tokens of before, then drop their table: it holds the tokens themselves."""
    connection = schema_editor.connection
    if OLD not in connection.introspection.table_names():
        return
    ApiToken = apps.get_model("campaigns", "ApiToken")  # noqa: N806 (a model)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT key, user_id FROM {OLD}")  # noqa: S608 (a constant)
        for key, user in cursor.fetchall():
            ApiToken.objects.create(
                user_id=user,
                name="made before tokens had names",
                digest=hashlib.sha256(key.encode()).hexdigest(),
                known_as=token_name(key),
                scope="full",
                expires_at=clock.now() + timedelta(days=DAYS_MORE),
            )
        cursor.execute(f"DROP TABLE {OLD}")


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0024_turns_and_own_failures"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=campaigns.clock.now, editable=False)),
                ("changed_at", models.DateTimeField(default=campaigns.clock.now, editable=False)),
                ("name", models.CharField(help_text="Which program has it.", max_length=80)),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "known_as",
                    models.CharField(editable=False, help_text="Its name in the audit log.", max_length=20),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("read", "Read; phone numbers masked"),
                            ("add", "Read and add: people, call-backs, suppressions, drafts"),
                            ("full", "All that its user may do"),
                        ],
                        default="read",
                        max_length=5,
                    ),
                ),
                ("expires_at", models.DateTimeField(verbose_name="good until")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "API token",
                "ordering": ("-created_at",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("scope__in", ["read", "add", "full"])),
                        name="apitoken_scope_known",
                    )
                ],
            },
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
