"""Load a small demo organisation with one campaign of sixty rows, and its counterpart in the sandbox."""

import json
import random
import secrets
import sys
from argparse import ArgumentParser
from datetime import date
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from calls.agents.dialogue.from_menu import dialogue_of, read_menu
from calls.dialogues import publishing
from campaigns.delivery.account_client import is_loopback
from campaigns.imports import upload
from campaigns.lifecycle import actions
from campaigns.models import (
    Account,
    Agent,
    CallerDeclaration,
    Campaign,
    CampaignDeclaration,
    PhoneNumber,
    Registration,
    Template,
    TemplateLanguage,
    User,
)

SAMPLE = settings.BASE_DIR / "campaigns" / "samples" / "emi-reminders.csv"
MENU = settings.BASE_DIR / "calls" / "agents" / "examples" / "emi-reminder.json"
LOGIN = settings.DATA_DIR / "demo-login"
TENANT, EMAIL = "saraswati", "uploads@saraswati.example"
NUMBER = "+911600110245"
#: Who answers, drawn by weight with a fixed seed: the same list always meets the same people.
CAST = {
    "presses_one": 20,
    "presses_two": 6,
    "impatient": 6,
    "wrong_then_right": 4,
    "opts_out": 3,
    "silent": 3,
    "says_yes": 2,
    "hangs_up_early": 2,
    "voicemail": 2,
    "busy": 3,
    "no_answer": 3,
    "switched_off": 1,
}
EMPTY = 3


class Command(BaseCommand):
    """`load_demo --check`, `--login`, or `--sandbox URL`."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add one option for each of the three things to do."""
        parser.add_argument("--check", action="store_true", help=f"exit {EMPTY} if there is no account yet")
        parser.add_argument("--login", metavar="URL", help="print the address and the demo login")
        parser.add_argument("--sandbox", metavar="URL", help="load and launch against this sandbox")
        parser.add_argument("--pace", type=int, default=240, help="calls a minute")
        parser.add_argument("--again", type=float, default=0.1, help="minutes until a second call")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked for.

        Raises `SystemExit` on `--check` (3: no account yet), `CommandError` if the demo can't be loaded.
        """
        if options["check"]:
            sys.exit(0 if Account.objects.exists() else EMPTY)
        if options["login"] and LOGIN.exists():
            name, password = LOGIN.read_text().split()
            self.stdout.write(f"Open {options['login']} and log in as {name} with the password {password}")
        sandbox: str | None = options["sandbox"]
        if not sandbox:
            return
        if not is_loopback(sandbox):
            raise CommandError("The demonstration talks to a sandbox on this machine only.")
        if Account.objects.exists():
            raise CommandError("There are accounts in this database already; the demo wants an empty one.")
        password = secrets.token_urlsafe(12)
        post(sandbox, "tenants", {"tenant": TENANT, "email": EMAIL, "password": password})
        with transaction.atomic():
            account = make_account(sandbox, password)
            number = make_number(account)
            campaign = make_campaign(
                account, number, make_agents(), pace=options["pace"], again=options["again"]
            )
            register(account, number, campaign)
            user = make_user()
            Campaign.objects.filter(pk=campaign.pk).update(created_by=user)
        source = upload.import_people(campaign, data=SAMPLE.read_bytes(), filename=SAMPLE.name, by=user)
        self.stdout.write(f"{SAMPLE.name}: {source.reason}")
        prepare_sandbox(sandbox, campaign)
        actions.launch(campaign, user)
        self.stdout.write(f"Launched “{campaign.name}”.")


def make_user() -> User:
    """Return the demo's manager. The new password is written into `LOGIN`, beside the database."""
    password = secrets.token_urlsafe(9)
    user = User.objects.create_superuser("demo", "demo@saraswati.example", password)
    user.first_name, user.last_name = "Asha", "Patel"
    user.save()
    LOGIN.touch(mode=0o600)
    LOGIN.write_text(f"demo {password}\n")
    return user


def make_account(sandbox: str, password: str) -> Account:
    """Return the organisation's XFin tenant, stored."""
    return Account.objects.create(
        name="Saraswati Finance", base_url=sandbox, tenant=TENANT, email=EMAIL, password=password
    )


def make_number(account: Account) -> PhoneNumber:
    """Return a number of the series for regulated lenders, stored."""
    return PhoneNumber.objects.create(
        account=account, e164=NUMBER, series=PhoneNumber.Series.FINANCIAL, max_calls=40
    )


def make_agents() -> Agent:
    """Store an echo for trying a line, and a published reminder; return the reminder's agent."""
    Agent.objects.create(name="Echo", kind=Agent.Kind.ECHO)
    menu = read_menu(json.loads(MENU.read_text()))
    dialogue = publishing.create("EMI reminder", dialogue_of(menu), by=None)
    publishing.publish(dialogue, by=None, note="The reminder of the demonstration.")
    return Agent.objects.get(dialogue=dialogue)


def make_campaign(
    account: Account, number: PhoneNumber, agent: Agent, *, pace: int, again: float
) -> Campaign:
    """Return the campaign, stored with its template in every language the agent speaks."""
    template = Template.objects.create(
        account=account, name="EMI reminder", description="Reminder before the due date"
    )
    template.numbers.add(number)
    for language in ("hi", "gu", "ta", "mr", "en"):
        TemplateLanguage.objects.create(template=template, language=language, syntax="_W_ _N_ _W_")
    return Campaign.objects.create(
        name="EMI reminder, November",
        template=template,
        number=number,
        agent=agent,
        category=Campaign.Category.COLLECTIONS,
        calls_per_minute=pace,
        max_attempts=2,
        retry_gaps=[again],
        goals=["will_pay"],
    )


def register(account: Account, number: PhoneNumber, campaign: Campaign) -> None:
    """Put on file what the rules ask a lender for; made up, like everything else of the demonstration."""
    Registration.objects.create(
        account=account,
        sector=Registration.Sector.REGULATED,
        principal_entity="1101000000000000001",
        telemarketer="1202000000000000001",
        valid_from=date(2026, 1, 1),
        document="Made up for the demonstration",
        gap_minutes=0,
        caps_reason="The people of the demonstration live in the sandbox and are rung again after seconds.",
    )
    CallerDeclaration.objects.create(
        number=number, operator="Sandbox", reference="A2P-DEMO", declared_on=date(2026, 11, 1)
    )
    CampaignDeclaration.objects.create(
        campaign=campaign,
        says_name=True,
        says_purpose=True,
        says_recorded=True,
        says_opt_out=True,
        voice_template="DEMO",
    )


def prepare_sandbox(url: str, campaign: Campaign) -> None:
    """Configure the sandbox: where calls go, and who answers which number."""
    stream = settings.PUBLIC_STREAM_URL + campaign.number.stream_path
    number: dict[str, object] = {
        "tenant": TENANT,
        "phone_number": campaign.number.e164,
        "stream_url": stream,
        "container": campaign.number.container,
        "concurrency": campaign.number.max_calls,
    }
    draw = random.Random(2026)
    phones = campaign.recipients.order_by("row_number").values_list("phone", flat=True)
    cast = {phone: draw.choices(list(CAST), list(CAST.values()))[0] for phone in phones}
    post(url, "numbers", number)
    post(url, "people", {"seed": "demo", "assigned": cast})


def post(url: str, what: str, body: dict[str, object]) -> None:
    """Call the sandbox's control API. Raises `httpx.HTTPError` if that fails or takes over 10 s."""
    httpx.post(f"{url}/sandbox/{what}", json=body, timeout=10).raise_for_status()
