"""Accounts and numbers that Awaaz assigned to us, and the users of the portal."""

from typing import ClassVar, TypeAlias

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse

from campaigns.fields import EncryptedTextField
from campaigns.models.base import Stamped, new_secret, new_stream_key, one_of
from campaigns.networks import check_networks
from campaigns.schedule.inbound import UnreadableHours, read_hours


class User(AbstractUser):
    """A member of staff."""


class AccountState(models.TextChoices):
    """Whether uploads may go out."""

    READY = "ready", "Ready"
    WAITING = "waiting", "Waiting for XFin"
    BROKEN = "broken", "XFin out of order"
    REFUSED = "refused", "Refused by XFin"


class Account(Stamped):
    """One XFin tenant: where it is, how to log in, and whether it works just now."""

    State: TypeAlias = AccountState

    name = models.CharField(max_length=120, unique=True)
    base_url = models.URLField(default="https://api.awaaz.de", help_text="Without tenant and version.")
    tenant = models.CharField(max_length=120, help_text="The organisation's name in the address.")
    email = models.EmailField()
    password = EncryptedTextField()
    auth_scheme = models.CharField(max_length=20, default="Bearer")
    extra_headers = models.JSONField(default=dict, blank=True)
    cookies = EncryptedTextField(default="", blank=True, help_text="A JSON object.")
    chunk_size = models.PositiveIntegerField(default=5000)
    reference_tag = models.CharField(max_length=10, default="tag5")
    batch_tag = models.CharField(max_length=10, default="tag4")
    state_codes = models.JSONField(
        default=dict, blank=True, help_text='What numeric states mean at this tenant, e.g. {"7": "failed"}.'
    )
    second_person = models.BooleanField(
        "every campaign needs a second person",
        default=False,
        help_text="Somebody who neither made nor changed it approves it before its first call. "
        "Promotional, political and government campaigns need that in any case. "
        "Switching it on stops campaigns that run without an approval.",
    )
    credentials_version = models.PositiveIntegerField(
        default=1, editable=False, help_text="Grows when staff change what decides the login."
    )
    token = EncryptedTextField(default="", blank=True, editable=False)
    token_until = models.DateTimeField(null=True, blank=True, editable=False)
    logging_in_until = models.DateTimeField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.READY)
    reason = models.TextField(default="", blank=True)
    failures = models.PositiveIntegerField(default=0, editable=False)
    retry_at = models.DateTimeField(null=True, blank=True, editable=False)
    own_failures = models.PositiveIntegerField(default=0, editable=False)
    own_failure = models.TextField(
        "what failed with us",
        default="",
        blank=True,
        editable=False,
        help_text="The last of our own errors in work for this account. Other accounts are not affected.",
    )
    clock_skew = models.FloatField(
        null=True,
        blank=True,
        editable=False,
        help_text="Seconds by which XFin's clock is ahead of ours, by the Date of its replies.",
    )
    synchronising_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            one_of("state", AccountState, table="account"),
            models.CheckConstraint(
                condition=models.Q(chunk_size__gte=1, chunk_size__lte=10_000), name="account_chunk_size"
            ),
            models.CheckConstraint(
                condition=~models.Q(reference_tag=models.F("batch_tag")), name="account_tags_differ"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PhoneNumberSeries(models.TextChoices):
    """The numbering series, which decides what a number may be used for."""

    PROMOTIONAL = "140", "140, promotional"
    FINANCIAL = "1600", "1600, regulated finance and government"
    UTILITY = "1601", "1601, utilities, couriers and logistics"
    ORDINARY = "ordinary", "Ordinary"


class PhoneNumberDirection(models.TextChoices):
    """Which way calls run."""

    OUTBOUND = "outbound", "We call"
    INBOUND = "inbound", "People call us"
    BOTH = "both", "Both"


class PhoneNumberContainer(models.TextChoices):
    """How agent audio is packed in a media message; sources disagree, see docs/stream.md."""

    WAV = "wav", "WAV file in each message"
    RAW = "raw", "Bare PCM"


def check_hours(text: str) -> None:
    """Raise `ValidationError`, saying what to write instead, for a text that states no opening hours."""
    try:
        read_hours(text)
    except UnreadableHours as error:
        raise ValidationError(str(error)) from None


class PhoneNumber(Stamped):
    """An Indian number that Awaaz assigned to us, and the address at which its calls reach us."""

    Series: TypeAlias = PhoneNumberSeries
    Direction: TypeAlias = PhoneNumberDirection
    Container: TypeAlias = PhoneNumberContainer

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="numbers")
    e164 = models.CharField("number", max_length=16, unique=True)
    label = models.CharField(
        max_length=80, default="", blank=True, help_text="What the number is for, such as “Helpline Anand”."
    )
    series = models.CharField(max_length=10, choices=Series, default=Series.ORDINARY)
    direction = models.CharField(max_length=10, choices=Direction, default=Direction.BOTH)
    container = models.CharField(max_length=5, choices=Container, default=Container.WAV)
    max_calls = models.PositiveIntegerField("most calls at once", default=10)
    inbound_agent = models.ForeignKey(
        "campaigns.Agent", on_delete=models.SET_NULL, null=True, blank=True, related_name="inbound_numbers"
    )
    inbound_hours = models.TextField(
        "opening hours",
        max_length=500,
        default="",
        blank=True,
        validators=[check_hours],
        help_text=(
            "When the inbound agent answers people who call us, in Indian time: one line a span, such as "
            "“Mon-Fri 9:00-18:00”, “Sat 10:00-14:00” or “Holidays 10:00-12:00”. Days without a line are "
            "closed. Empty: at all hours."
        ),
    )
    after_hours_agent = models.ForeignKey(
        "campaigns.Agent",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="after_hours_numbers",
        help_text="Answers outside the opening hours. Empty: the inbound agent does.",
    )
    ring_back_hours = models.PositiveSmallIntegerField(
        "hours for ringing back",
        default=0,
        help_text=(
            "A person who calls us within so many hours after a campaign of this account called them goes on "
            "with that campaign, at any hour of the day: its agent tells them what it would tell them in its "
            "own call. 0: never."
        ),
    )
    recognise_days = models.PositiveSmallIntegerField(
        "days for recognising callers",
        default=0,
        help_text=(
            "A dialogue may recognise a caller by what they key in, such as an account number: among the "
            "people of campaigns on this number that run, or ended within so many days. 0: never."
        ),
    )
    stream_key = models.CharField(max_length=20, unique=True, default=new_stream_key, editable=False)
    stream_secret = EncryptedTextField(default=new_secret, editable=False)
    previous_stream_secret = EncryptedTextField(default="", blank=True, editable=False)
    previous_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    allowed_networks = models.TextField(
        default="",
        blank=True,
        validators=[check_networks],
        help_text="From where calls may come, e.g. 203.0.113.0/24. One a line; empty: from anywhere.",
    )
    stream_user = models.CharField(
        "user name of the stream",
        max_length=60,
        default="",
        blank=True,
        help_text="Basic auth on top of the secret address. Empty: none is asked for.",
    )
    stream_password = EncryptedTextField(default="", blank=True, editable=False)
    record_calls = models.BooleanField(default=True)
    announce_recording = models.BooleanField(
        "say that calls are recorded",
        default=False,
        help_text="A notice is spoken first, and only what follows is recorded.",
    )
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ("e164",)
        constraints: ClassVar = [
            one_of("series", PhoneNumberSeries, table="number"),
            one_of("direction", PhoneNumberDirection, table="number"),
            one_of("container", PhoneNumberContainer, table="number"),
            models.CheckConstraint(condition=models.Q(max_calls__gte=1), name="number_max_calls"),
            models.CheckConstraint(
                condition=models.Q(stream_user="") | ~models.Q(stream_password=""),
                name="number_user_has_password",
            ),
        ]

    def __str__(self) -> str:
        return self.e164

    @property
    def stream_path(self) -> str:
        """Return the path of the WebSocket URL to configure at Awaaz; it holds the secret."""
        return f"/stream/{self.stream_key}-{self.stream_secret}/"

    def get_absolute_url(self) -> str:
        """Return the path of the number's page in the portal."""
        return reverse("number", args=[self.pk])
