import campaigns.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


REFUSE = {
    "sqlite": (
        "CREATE TRIGGER dialogue_version_is_immutable BEFORE UPDATE OF number, configuration, digest "
        "ON campaigns_dialogueversion "
        "BEGIN SELECT RAISE(ABORT, 'published versions are never changed'); END",
        "DROP TRIGGER dialogue_version_is_immutable",
    ),
    "postgresql": (
        "CREATE FUNCTION refuse_dialogue_version_update() RETURNS trigger AS $$ "
        "BEGIN RAISE EXCEPTION 'published versions are never changed'; END $$ LANGUAGE plpgsql; "
        "CREATE TRIGGER dialogue_version_is_immutable BEFORE UPDATE OF number, configuration, digest "
        "ON campaigns_dialogueversion "
        "FOR EACH ROW EXECUTE FUNCTION refuse_dialogue_version_update()",
        "DROP TRIGGER dialogue_version_is_immutable ON campaigns_dialogueversion; "
        "DROP FUNCTION refuse_dialogue_version_update()",
    ),
}


def add(apps, editor):
    editor.execute(REFUSE[editor.connection.vendor][0])


def drop(apps, editor):
    editor.execute(REFUSE[editor.connection.vendor][1])


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0027_counts_as_not_answered"),
    ]

    operations = [
        migrations.CreateModel(
            name="Dialogue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=campaigns.clock.now, editable=False)),
                ("changed_at", models.DateTimeField(default=campaigns.clock.now, editable=False)),
                ("draft", models.JSONField(help_text="A document as docs/dialogues.md describes it.")),
                (
                    "revision",
                    models.PositiveIntegerField(default=1, help_text="Counts the changes of the draft."),
                ),
                ("draft_changed_at", models.DateTimeField(default=campaigns.clock.now)),
            ],
            options={
                "ordering": ("agent__name",),
            },
        ),
        migrations.CreateModel(
            name="DialogueVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(help_text="From 1.")),
                (
                    "configuration",
                    models.JSONField(help_text="A document as docs/dialogues.md describes it."),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of the document as it is written to a file.", max_length=64
                    ),
                ),
                ("published_at", models.DateTimeField(default=campaigns.clock.now)),
                (
                    "note",
                    models.CharField(
                        blank=True, default="", help_text="What was changed, and why.", max_length=400
                    ),
                ),
                (
                    "override",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Why it was published though tests failed.",
                        max_length=400,
                    ),
                ),
            ],
            options={
                "ordering": ("dialogue", "-number"),
                "permissions": [
                    ("publish_dialogue", "Can publish a dialogue"),
                    ("override_dialogue_tests", "Can publish a dialogue whose tests fail"),
                ],
            },
        ),
        migrations.CreateModel(
            name="KeptTest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=campaigns.clock.now, editable=False)),
                ("changed_at", models.DateTimeField(default=campaigns.clock.now, editable=False)),
                ("name", models.CharField(max_length=120)),
                ("body", models.JSONField(help_text="docs/dialogue-tests.md")),
                (
                    "origin",
                    models.CharField(default="hand", help_text="hand, call or machine", max_length=20),
                ),
            ],
            options={
                "ordering": ("dialogue", "name"),
            },
        ),
        migrations.RemoveConstraint(
            model_name="agent",
            name="agent_kind_known",
        ),
        migrations.AlterField(
            model_name="agent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("playback", "Plays a recording"),
                    ("dialogue", "Holds a dialogue"),
                    ("menu", "Speaks and takes a key"),
                    ("echo", "Echo, for tests"),
                ],
                default="menu",
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["playback", "dialogue", "menu", "echo"])),
                name="agent_kind_known",
            ),
        ),
        migrations.AddField(
            model_name="dialogue",
            name="agent",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="dialogue", to="campaigns.agent"
            ),
        ),
        migrations.AddField(
            model_name="dialogue",
            name="draft_changed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="dialogueversion",
            name="dialogue",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="campaigns.dialogue"
            ),
        ),
        migrations.AddField(
            model_name="dialogueversion",
            name="published_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="dialogue_version",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                help_text="What its calls say, from its check on. Empty: the agent's latest.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="campaigns",
                to="campaigns.dialogueversion",
            ),
        ),
        migrations.AddField(
            model_name="kepttest",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="kepttest",
            name="dialogue",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="tests", to="campaigns.dialogue"
            ),
        ),
        migrations.AddConstraint(
            model_name="dialogueversion",
            constraint=models.UniqueConstraint(fields=("dialogue", "number"), name="one_version_a_number"),
        ),
        migrations.AddConstraint(
            model_name="kepttest",
            constraint=models.UniqueConstraint(fields=("dialogue", "name"), name="one_test_a_name"),
        ),
        migrations.RunPython(add, drop),
    ]
