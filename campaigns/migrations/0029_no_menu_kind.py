from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0028_dialogues"),
        ("calls", "0006_menus_become_dialogues"),  # no row has the kind any more
    ]

    operations = [
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
                    ("echo", "Echo, for tests"),
                ],
                default="dialogue",
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["playback", "dialogue", "echo"])), name="agent_kind_known"
            ),
        ),
    ]
