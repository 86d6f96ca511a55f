from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0041_hosted_voices")]

    operations = [
        migrations.AddField(
            model_name="holiday",
            name="no_calls",
            field=models.BooleanField(
                default=False,
                help_text="Calls wait for the day after, also those at XFin already. Otherwise they are placed, with a warning. At times that a person asked for, they are called in any case.",
                verbose_name="no calls on this day",
            ),
        ),
    ]
