"""Emergencies and calls by direction of the government are a category of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0019_callbacks"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="campaign",
            name="campaign_category_known",
        ),
        migrations.AlterField(
            model_name="account",
            name="second_person",
            field=models.BooleanField(
                default=False,
                help_text="Somebody who neither made nor changed it approves it before its first call. Promotional, political and government campaigns need that in any case. Switching it on stops campaigns that run without an approval.",
                verbose_name="every campaign needs a second person",
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="category",
            field=models.CharField(
                choices=[
                    ("transactional", "Transactional"),
                    ("service", "Service"),
                    ("promotional", "Promotional"),
                    ("collections", "Collections by a regulated lender"),
                    ("microfinance", "Collections of microfinance loans"),
                    ("trade_dues", "Collections of own trade dues"),
                    ("survey", "Survey"),
                    ("political", "Political"),
                    ("government", "Emergency, or by direction of the government"),
                ],
                default="service",
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "category__in",
                        [
                            "transactional",
                            "service",
                            "promotional",
                            "collections",
                            "microfinance",
                            "trade_dues",
                            "survey",
                            "political",
                            "government",
                        ],
                    )
                ),
                name="campaign_category_known",
            ),
        ),
    ]
