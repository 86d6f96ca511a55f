from django.db import migrations, models
from django.db.models.functions import Lower


def the_one_who_logged_in_is_the_first_user(apps, _schema_editor):
    """Until now each tenant had exactly one."""
    tenant, user = apps.get_model("sandbox", "Tenant"), apps.get_model("sandbox", "User")
    for row in tenant.objects.all():
        user.objects.create(tenant=row, email=row.email, password_hash=row.password_hash)


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0005_inbound_calls")]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.CharField(max_length=254)),
                ("password_hash", models.CharField(max_length=256)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE, related_name="users", to="sandbox.tenant"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                models.F("tenant"), Lower("email"), name="user_email_once_a_tenant"
            ),
        ),
        migrations.RunPython(the_one_who_logged_in_is_the_first_user, migrations.RunPython.noop),
        migrations.RemoveField(model_name="tenant", name="email"),
        migrations.RemoveField(model_name="tenant", name="password_hash"),
    ]
