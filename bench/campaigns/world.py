"""What the children of `bench.campaigns` share: an empty PostgreSQL database, a campaign, many people."""

import os
import resource
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import django
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
django.setup()

from django.conf import settings  # noqa: E402 (after the set-up)
from django.db import connection  # noqa: E402
from django.db.models import Model  # noqa: E402

from awaaz_project.startup import collect_seldom  # noqa: E402
from bench.campaigns.fake_xfin import FIRST_NUMBER  # noqa: E402
from bench.shared import migrated  # noqa: E402
from campaigns.models import (  # noqa: E402
    Account,
    Agent,
    CallerDeclaration,
    Campaign,
    CampaignDeclaration,
    Message,
    PhoneNumber,
    Recipient,
    Registration,
    Template,
    TemplateLanguage,
)

#: 11:00 IST on Tuesday 24 November 2026: every category may call.
NOON = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
MILLION = 1e6


@contextmanager
def empty_database() -> Iterator[None]:
    """Yield with the database of the settings, made new and removed again."""
    database = settings.DATABASES["default"]
    name = database["NAME"]
    where = {"host": database["HOST"], "port": database["PORT"], "user": database["USER"]}
    server = psycopg.connect(
        **where, password=database["PASSWORD"] or None, dbname="postgres", autocommit=True
    )
    with server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{migrated.TEMPLATE or "template1"}"')
        try:
            migrated.migrate()
            yield
        finally:
            connection.close()
            server.execute(f'DROP DATABASE "{name}"')


def cores() -> list[int]:
    """Return the cores we may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []


def like_a_worker(*, alone: bool = True) -> None:
    """Do what a Celery worker does at its start; `alone` on one core with its database session, if we may."""
    collect_seldom()
    if alone:
        _pin()


def _pin() -> None:
    ours = cores()
    if len(ours) < 2:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        session = cursor.fetchone()[0]
    for process in (0, session):
        try:
            os.sched_setaffinity(process, {ours[-1]})
        except OSError:
            print(f"process {process} could not be pinned", file=sys.stderr)


def peak_mb() -> int:
    """Return the most memory this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def draft() -> Campaign:
    """Return a campaign without people, not launched."""
    account = Account.objects.create(name="Bench", base_url="http://127.0.0.1:9", tenant="bench")
    number = PhoneNumber.objects.create(account=account, e164="+911600110245", series="1600")
    template = Template.objects.create(account=account, name="Bench")
    agent = Agent.objects.create(name="Bench")
    return Campaign.objects.create(name="Bench", template=template, number=number, agent=agent)


def running(address: str = "http://127.0.0.1:9") -> Campaign:
    """Return a campaign of a lender with everything on file, so that nothing forbids its calls."""
    campaign = draft()
    account, number, template = campaign.template.account, campaign.number, campaign.template
    Account.objects.update(base_url=address, email="bench@example.org", password="open sesame")
    PhoneNumber.objects.update(max_calls=1_000_000)
    CallerDeclaration.objects.create(
        number=number, operator="An operator", reference="A2P-1", declared_on=date(2026, 11, 1)
    )
    Registration.objects.create(
        account=account,
        sector=Registration.Sector.REGULATED,
        principal_entity="1101000000000000001",
        telemarketer="1202000000000000001",
        valid_from=date(2026, 1, 1),
    )
    Template.objects.update(remote_id="16", sync_state=Template.Sync.SYNCED)
    TemplateLanguage.objects.create(
        template=template, language="hi", remote_id="17", sync_state=TemplateLanguage.Sync.SYNCED
    )
    CampaignDeclaration.objects.create(
        campaign=campaign,
        says_name=True,
        says_purpose=True,
        says_recorded=True,
        says_opt_out=True,
        voice_template="1107160000000000001",
    )
    Campaign.objects.update(
        category=Campaign.Category.COLLECTIONS,
        state=Campaign.State.RUNNING,
        starts_at=NOON - timedelta(hours=1),
        calls_per_minute=1_000_000,
    )
    return Campaign.objects.get()


def add_people(campaign: Campaign, count: int) -> None:
    """Insert so many people, each with a number of its own, in the order of the numbers."""
    person = Recipient(
        campaign=campaign,
        language="hi",
        variables={"emi_amount": "1,25,000", "due_date": "05/12/2026", "loan_no": "LN00123456"},
    )
    phone, name = f"'+91' || ({FIRST_NUMBER} + n)", "'सुनीता देशमुख ' || n"
    _many(person, {"phone": phone, "name": name}, f"generate_series(0, {count - 1}) n")
    _analyse()


def add_messages(message: Message, people: str, send_on: str = "") -> None:
    """Insert a message like this one for each person whom the SQL condition `people` (of `r`) picks.

    `send_on` is SQL as well and may use `r`.
    """
    each = {"recipient_id": "r.id", "reference": "'m-bench-' || r.id", "remote_id": "substr(r.phone, 4)"}
    if message.batch_id is None:
        del each["remote_id"]
    if send_on:
        each["send_on"] = send_on
    _many(message, each, f"{Recipient._meta.db_table} r WHERE {people} ORDER BY r.id")
    _analyse()


def _many(sample: Model, each: Mapping[str, str], source: str) -> None:
    """Insert rows like the sample, with `each` (column to SQL) for what differs."""
    fields = [field for field in type(sample)._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(each.get(str(field.column), "%s") for field in fields)
    same = [
        field.get_db_prep_save(getattr(sample, field.attname), connection)
        for field in fields
        if field.column not in each
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {sample._meta.db_table} ({columns}) SELECT {values} FROM {source}", same)


def _analyse() -> None:
    """Update the planner's statistics, as autovacuum does in a system that has run for a while."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
