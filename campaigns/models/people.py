"""Uploaded files, the people in them, and the numbers that must not be called."""

from typing import ClassVar, Self, TypeAlias

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q

from campaigns.models.accounts import Account
from campaigns.models.base import Stamped, one_of
from campaigns.models.campaigns import Campaign
from campaigns.models.templates import Template


class ImportState(models.TextChoices):
    """How far it came. The last three are final."""

    MAPPING = "mapping", "Columns to be confirmed"
    WAITING = "waiting", "Waiting to be read"
    READING = "reading", "Being read"
    DONE = "done", "Read"
    FAILED = "failed", "Not usable"
    CANCELLED = "cancelled", "Cancelled"


class Import(Stamped):
    """One uploaded file. uploaded = accepted + rejected + duplicate + suppressed, held by the database.

    `uploaded` counts the rows read so far; figures, `row_reached` and the rows themselves change in
    one transaction. `columns` holds the file's `headings` and the places (from 0) of `phone`, `name`,
    `language` and each of `variables`.
    """

    State: TypeAlias = ImportState

    TO_BE_READ: ClassVar = (State.WAITING, State.READING)
    OPEN_STATES: ClassVar = (State.MAPPING, *TO_BE_READ)

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="imports")
    filename = models.CharField(max_length=255)
    file = models.FileField(
        upload_to="imports/", blank=True, help_text="Kept until it was read to its end, or given up."
    )
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of the file.")
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, default="", blank=True, help_text="csv or workbook")
    encoding = models.CharField(max_length=40, default="", blank=True)
    delimiter = models.CharField(max_length=1, default="", blank=True)
    columns = models.JSONField(default=dict, blank=True)
    uploaded = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    duplicate = models.PositiveIntegerField(default=0)
    suppressed = models.PositiveIntegerField(default=0)
    empty = models.PositiveIntegerField(default=0, help_text="Blank rows; they are not counted as uploaded.")
    state = models.CharField(max_length=10, choices=State, default=State.READING)
    reason = models.TextField(default="", blank=True)
    row_reached = models.PositiveIntegerField(default=0, help_text="The last row that was read and stored.")
    bytes_read = models.PositiveBigIntegerField(default=0)
    rows_a_second = models.PositiveIntegerField(default=0)
    claim = models.CharField(max_length=40, default="", blank=True, help_text="Of the worker that reads it.")
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Since a row was stored last.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="imports"
    )

    class Meta:
        ordering = ("-created_at",)
        constraints: ClassVar = [
            one_of("state", ImportState, table="import"),
            models.CheckConstraint(
                condition=Q(uploaded=F("accepted") + F("rejected") + F("duplicate") + F("suppressed")),
                name="import_rows_add_up",
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def is_open(self) -> bool:
        """Return whether rows may still come of it."""
        return self.state in self.OPEN_STATES


class ColumnMapping(Stamped):
    """Which heading means what, under a name, so that the next file of the same office needs no clicks.

    `columns` holds the headings taken for `phone`, `name`, `language` ("" for none) and each of
    `variables`. It belongs to one template of an account, or to all.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="mappings")
    template = models.ForeignKey(
        Template, on_delete=models.CASCADE, null=True, blank=True, related_name="mappings"
    )
    name = models.CharField(max_length=80)
    columns = models.JSONField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "name"], name="mapping_name_once_an_account"),
        ]

    def __str__(self) -> str:
        return self.name


class ImportRowFate(models.TextChoices):
    """Why it is here."""

    REJECTED = "rejected", "Rejected"
    DUPLICATE = "duplicate", "Duplicate"
    SUPPRESSED = "suppressed", "Must not be called"


class ImportRow(models.Model):
    """A row that did not become a recipient, with its cells as they came and the reason."""

    Fate: TypeAlias = ImportRowFate

    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    row_number = models.PositiveIntegerField(help_text="As a spreadsheet counts, from 1.")
    cells = models.JSONField(default=list)
    fate = models.CharField(max_length=12, choices=Fate)
    reason = models.TextField()

    class Meta:
        ordering = ("source", "row_number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "row_number"], name="import_row_once"),
            one_of("fate", ImportRowFate, table="importrow"),
        ]

    def __str__(self) -> str:
        return f"row {self.row_number}: {self.fate}"


class RecipientState(models.TextChoices):
    """Where this person stands. All but the first two are final."""

    WAITING = "waiting", "Waiting"
    UNDER_WAY = "under_way", "Under way"
    COMPLETED = "completed", "Completed"
    UNREACHED = "unreached", "Not reached"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Must not be called"
    BLOCKED = "blocked", "Blocked by a rule"
    SKIPPED = "skipped", "No call needed"
    QUOTA_FULL = "quota_full", "Quota full"
    CANCELLED = "cancelled", "Cancelled"
    UNKNOWN = "unknown", "Unknown"


class Recipient(Stamped):
    """One person in one campaign."""

    State: TypeAlias = RecipientState

    OPEN_STATES: ClassVar = (State.WAITING, State.UNDER_WAY)

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="recipients", db_index=False
    )  # two composite indexes below begin with it
    source = models.ForeignKey(
        Import, on_delete=models.SET_NULL, null=True, blank=True, related_name="recipients"
    )
    row_number = models.PositiveIntegerField(null=True, blank=True)
    phone = models.CharField(max_length=16)
    name = models.CharField(max_length=200, default="", blank=True)
    language = models.CharField(max_length=10)
    language_listed = models.CharField(
        max_length=10,
        default="",
        blank=True,
        help_text="What the list says, where the person chose another language in a call.",
    )
    variables = models.JSONField(default=dict, blank=True)
    note = models.TextField(default="", blank=True, help_text="What was repaired at import.")
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    reason = models.TextField(default="Waiting for the first call.", blank=True)
    disposition = models.CharField(
        max_length=20, default="", blank=True, help_text="How the last call ended."
    )
    outcome = models.CharField(max_length=60, default="", blank=True, help_text="What was achieved.")
    cell = models.ForeignKey(
        "campaigns.QuotaCell",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="people",
        db_index=False,  # the index below begins with it, and holds nothing of campaigns without quotas
        help_text="Where the campaign has quotas: the cell that this person's values belong to.",
    )
    heard_percent = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="In a programme of several parts: how much of its part was heard."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, help_text="Not before this.")

    class Meta:
        ordering = ("campaign", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "phone"], name="one_person_once_a_campaign"),
            one_of("state", RecipientState, table="recipient"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["campaign", "state", "due_at"], name="recipient_due"),
            models.Index(fields=["phone"], name="recipient_phone"),
            models.Index(fields=["cell", "outcome"], condition=Q(cell__isnull=False), name="recipient_cell"),
        ]

    def __str__(self) -> str:
        return self.name or f"recipient {self.pk}"


class ChosenLanguage(models.Model):
    """The language that a person chose in a call, for all calls after it; by the number's pseudonym."""

    whose = models.CharField(max_length=16, unique=True)
    language = models.CharField(max_length=10)
    chosen_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("whose",)

    def __str__(self) -> str:
        return f"{self.whose}: {self.language}"


class RecognitionTry(models.Model):
    """One try to be recognised by what is keyed in; kept for a day, so that tries can be counted."""

    number = models.ForeignKey("campaigns.PhoneNumber", on_delete=models.CASCADE, related_name="+")
    call = models.UUIDField(help_text="The id of the call.")
    whose = models.CharField(max_length=16, default="", help_text="The caller's pseudonym, if known.")
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("at",)
        indexes: ClassVar = [models.Index(fields=["number", "whose", "at"], name="recognition_tries")]

    def __str__(self) -> str:
        return f"try {self.pk}"


class SuppressionScope(models.TextChoices):
    """What is suppressed."""

    ORGANISATION = "organisation", "All calls of the organisation"
    CATEGORY = "category", "One category"


class SuppressionSource(models.TextChoices):
    """How we learnt of it."""

    KEY = "key", "Key pressed in a call"
    SPOKEN = "spoken", "Said in a call"
    STAFF = "staff", "Entered by staff"
    FILE = "file", "Imported file"
    API = "api", "API"
    INBOUND = "inbound", "Said when calling us"


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    """Suppressions by whether they hold now."""

    def live(self, category: str | OuterRef) -> Self:
        """Return those that forbid calls of this category now: not lifted, for it or for all calls."""
        about = Q(scope=SuppressionScope.ORGANISATION) | Q(category=category)
        return self.filter(about, lifted_at__isnull=True)


class Suppression(Stamped):
    """A number that must not be called: by whose word, since when, for what."""

    Scope: TypeAlias = SuppressionScope
    Source: TypeAlias = SuppressionSource

    phone = models.CharField(max_length=16)
    scope = models.CharField(max_length=12, choices=Scope, default=Scope.ORGANISATION)
    category = models.CharField(max_length=20, default="", blank=True)
    source = models.CharField(max_length=10, choices=Source)
    reason = models.TextField(help_text="A sentence for the person who reads it later.")
    message_reference = models.CharField(max_length=40, default="", blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_reason = models.TextField(default="", blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints: ClassVar = [
            one_of("scope", SuppressionScope, table="suppression"),
            one_of("source", SuppressionSource, table="suppression"),
            models.UniqueConstraint(
                fields=["phone", "scope", "category"],
                condition=Q(lifted_at__isnull=True),
                name="one_live_suppression_a_scope",
            ),
            models.CheckConstraint(
                condition=Q(scope="organisation", category="") | (Q(scope="category") & ~Q(category="")),
                name="suppression_category_with_scope",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | ~Q(lifted_reason=""),
                name="suppression_lifted_with_reason",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["phone"], name="suppression_phone")]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} ({self.get_source_display()})"

    def covers(self, category: str) -> bool:
        """Return whether it is about calls of this category, as `SuppressionQuerySet.live` asks in SQL."""
        return self.scope == self.Scope.ORGANISATION or self.category == category
