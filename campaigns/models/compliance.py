"""The facts that the rules ask for: registrations, declarations, scrubs, grounds, complaints, days."""

from datetime import date, datetime
from typing import ClassVar, TypeAlias

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from campaigns import clock
from campaigns.models.accounts import Account, PhoneNumber
from campaigns.models.base import Stamped, one_of
from campaigns.models.campaigns import Campaign

#: The caps of the reference (§9.3); a change is recorded with its reason.
ATTEMPTS_A_DAY, ANSWERED_A_WEEK, GAP_MINUTES = 2, 3, 240


class RegistrationSector(models.TextChoices):
    """Which number series is open to the organisation."""

    REGULATED = "regulated", "Regulated by RBI, SEBI, IRDAI or PFRDA"
    GOVERNMENT = "government", "Government"
    UTILITY = "utility", "Utility, courier or logistics"
    OTHER = "other", "Any other"


class Registration(Stamped):
    """What is on file about the organisation behind an account, and how often it calls one number."""

    Sector: TypeAlias = RegistrationSector

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="registration")
    sector = models.CharField(max_length=12, choices=Sector, default=Sector.OTHER)
    principal_entity = models.CharField("principal entity id", max_length=60, default="", blank=True)
    telemarketer = models.CharField("telemarketer reference", max_length=120, default="", blank=True)
    non_commercial = models.BooleanField("all calls are non-commercial", default=False)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True, help_text="The last day; empty for no end.")
    document = models.CharField(max_length=200, default="", blank=True, help_text="Where the proof is kept.")
    attempts_a_day = models.PositiveSmallIntegerField(default=ATTEMPTS_A_DAY)
    answered_a_week = models.PositiveSmallIntegerField(default=ANSWERED_A_WEEK)
    gap_minutes = models.PositiveIntegerField(default=GAP_MINUTES)
    caps_reason = models.TextField(
        default="", blank=True, help_text="Why the caps differ from 2 a day, 3 answered a week, 240 minutes."
    )

    class Meta:
        constraints: ClassVar = [
            one_of("sector", RegistrationSector, table="registration"),
            models.CheckConstraint(
                condition=Q(
                    attempts_a_day__lte=ATTEMPTS_A_DAY,
                    answered_a_week__lte=ANSWERED_A_WEEK,
                    gap_minutes__gte=GAP_MINUTES,
                )
                | ~Q(caps_reason=""),
                name="registration_wider_caps_with_reason",
                violation_error_message="Say why the caps are wider than 2 a day, 3 answered, 240 minutes.",
            ),
            models.CheckConstraint(
                condition=Q(attempts_a_day__gte=1, attempts_a_day__lte=3)
                & Q(answered_a_week__gte=1, answered_a_week__lte=7),
                name="registration_caps_in_reason",
                violation_error_message="1 to 3 attempts a day, and 1 to 7 answered calls a week.",
            ),
        ]

    def __str__(self) -> str:
        return f"Registration of {self.account}"


class CallerDeclaration(Stamped):
    """That calls from this number are started by software (A2P), as told to the operator."""

    number = models.ForeignKey(PhoneNumber, on_delete=models.CASCADE, related_name="declarations")
    operator = models.CharField(max_length=80)
    reference = models.CharField(max_length=120)
    declared_on = models.DateField()
    valid_until = models.DateField(null=True, blank=True, help_text="The last day; empty for no end.")
    document = models.CharField(max_length=200, default="", blank=True, help_text="Where the proof is kept.")

    class Meta:
        ordering = ("number", "-declared_on")

    def __str__(self) -> str:
        return f"{self.operator} {self.reference}"


class CampaignDeclaration(Stamped):
    """What staff declare about one campaign's words, area and hours."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="declaration")
    says_name = models.BooleanField("says who calls", default=False)
    says_purpose = models.BooleanField("says why", default=False)
    says_recorded = models.BooleanField("says that it is recorded, or is not", default=False)
    says_opt_out = models.BooleanField("says how to opt out", default=False)
    contains_offer = models.BooleanField(default=False)
    asks_consent = models.BooleanField("asks for consent to call", default=False)
    about_children = models.BooleanField(default=False)
    voice_template = models.CharField(
        "id of the registered voice template", max_length=60, default="", blank=True
    )
    polling_area = models.CharField(max_length=80, default="", blank=True, help_text="For political calls.")
    window_reason = models.TextField(
        default="",
        blank=True,
        help_text="Why the campaign's own hours go beyond hours that are our policy; never beyond the law.",
    )
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"Declaration of {self.campaign}"


class ScrubRun(Stamped):
    """One scrub of a campaign's list at an operator; good until midnight of its day."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="scrubs")
    operator = models.CharField(max_length=80)
    reference = models.CharField(max_length=120)
    day = models.DateField(help_text="In IST; the run is good until its midnight.")
    scrubbed_at = models.DateTimeField()
    submitted = models.PositiveIntegerField()
    blocked = models.PositiveIntegerField(default=0)
    list_hash = models.CharField(max_length=64, editable=False)
    newest_recipient = models.PositiveBigIntegerField(editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-scrubbed_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(operator="") & ~Q(reference=""), name="scrub_has_operator_and_reference"
            ),
            models.CheckConstraint(condition=Q(blocked__lte=F("submitted")), name="scrub_counts_add_up"),
        ]

    def __str__(self) -> str:
        return f"{self.operator} {self.reference}"


class ScrubHit(models.Model):
    """A number that a scrub refused, as a keyed hash."""

    run = models.ForeignKey(ScrubRun, on_delete=models.CASCADE, related_name="hits")
    phone_hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "phone_hash"], name="one_hit_a_number_and_run"),
        ]

    def __str__(self) -> str:
        return f"hit {self.pk}"


class CallingBasisKind(models.TextChoices):
    """Why a person may be called."""

    CONSENT = "consent", "Consent"
    COMPLETION = "completion", "Consent to complete a transaction (seven days)"
    ENQUIRY = "enquiry", "Enquiry (seven days)"
    CONTRACT = "contract", "Contract or relationship"
    GOVERNMENT = "government", "Direction of government"
    CALLBACK = "callback", "Asked to be called in a certain slot"


class CallingBasis(Stamped):
    """On what ground a number may be called, with the proof of it."""

    Kind: TypeAlias = CallingBasisKind

    phone = models.CharField(max_length=16)
    kind = models.CharField(max_length=12, choices=Kind)
    given_at = models.DateTimeField()
    starts_at = models.DateTimeField(null=True, blank=True, help_text="Of a slot that was asked for.")
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    register_reference = models.CharField(
        max_length=120, default="", blank=True, help_text="Of the Consent Register."
    )
    text_shown = models.TextField(default="", blank=True, help_text="The exact words that were agreed to.")
    language = models.CharField(max_length=10, default="", blank=True)
    channel = models.CharField(max_length=80, default="", blank=True, help_text="Form, call, branch, …")
    proof = models.CharField(max_length=200, default="", blank=True, help_text="Form id, recording, address.")
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-given_at",)
        verbose_name_plural = "calling bases"
        constraints: ClassVar = [
            one_of("kind", CallingBasisKind, table="basis"),
            models.CheckConstraint(
                condition=~Q(kind="callback") | Q(starts_at__isnull=False, expires_at__gt=F("starts_at")),
                name="basis_callback_has_slot",
                violation_error_message="A slot that was asked for needs its start and its end.",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["phone"], name="basis_phone")]

    def __str__(self) -> str:
        return self.get_kind_display()

    def slot_at(self, at: datetime) -> tuple[datetime, datetime] | None:
        """Return the slot (begin, end) that was asked for, if `at` lies in it and it is not revoked by then.

        None if not, and for a basis of any other kind.
        """
        if self.kind != self.Kind.CALLBACK or (self.revoked_at and self.revoked_at <= at):
            return None
        if self.starts_at and self.expires_at and self.starts_at <= at < self.expires_at:
            return self.starts_at, self.expires_at
        return None


class ComplaintKind(models.TextChoices):
    """To whom they complained."""

    UNSOLICITED = "unsolicited", "About an unsolicited call"
    GRIEVANCE = "grievance", "Grievance with the lender"


class Complaint(Stamped):
    """A complaint about calls, which counts against the organisation, or a borrower's grievance."""

    Kind: TypeAlias = ComplaintKind

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.UNSOLICITED)
    phone = models.CharField(max_length=16, default="", blank=True)
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="complaints",
        help_text="Whose call it is about. Empty: the one that called the number last before it.",
    )
    received_at = models.DateTimeField(default=clock.now)
    channel = models.CharField(max_length=80, default="", blank=True, help_text="1909, operator, branch, …")
    text = models.TextField(default="", blank=True)
    dismissed = models.BooleanField(default=False, help_text="The operator found it unfounded; see outcome.")
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(default="", blank=True)

    class Meta:
        ordering = ("-received_at",)
        constraints: ClassVar = [
            one_of("kind", ComplaintKind, table="complaint"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, dismissed=False) | ~Q(outcome=""),
                name="complaint_closed_with_outcome",
                violation_error_message="A complaint is closed or dismissed with its outcome.",
            ),
            models.CheckConstraint(
                condition=Q(kind="unsolicited") | ~Q(phone=""),
                name="complaint_grievance_has_phone",
                violation_error_message="A grievance needs the borrower's number.",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["phone"], name="complaint_phone")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.received_at:%d %b %Y})"


class PollingDay(models.Model):
    """The close of a poll in an area; an empty area is the whole country."""

    area = models.CharField(max_length=80, default="", blank=True)
    closes_at = models.DateTimeField()

    class Meta:
        ordering = ("closes_at",)

    def __str__(self) -> str:
        return f"{self.area or 'India'} {self.closes_at:%d %b %Y}"


class Holiday(models.Model):
    """A public holiday beside the three national ones, which need no row."""

    day = models.DateField(unique=True)
    name = models.CharField(max_length=80)
    no_calls = models.BooleanField(
        "no calls on this day",
        default=False,
        help_text="Calls wait for the day after, also those at XFin already. Otherwise they are placed, "
        "with a warning. At times that a person asked for, they are called in any case.",
    )

    class Meta:
        ordering = ("day",)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def without_calls(cls) -> frozenset[date]:
        """Return the days (IST) without calls. One query."""
        return frozenset(cls.objects.filter(no_calls=True).values_list("day", flat=True))
