"""Programmes: standing lists of people, drawn from by a date, and the record of every draw."""

from datetime import date
from typing import ClassVar, TypeAlias

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from campaigns import clock, ist, phones
from campaigns.models.base import Stamped, one_of
from campaigns.models.campaigns import Campaign
from campaigns.schedule import episodes, recurrence
from campaigns.schedule.recurrence import Offset, Unit

LONGEST_OFFSET = 1000
NAME_OF_DATE = RegexValidator(
    r"^[a-z][a-z0-9_]*\Z", "Write small letters, digits and underscores, such as due_date."
)


def today() -> date:
    """Return the day it is in India."""
    return ist.ist_day(clock.now())


class StandingList(Stamped):
    """People who are looked after for months or years."""

    name = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Member(Stamped):
    """One person of a standing list."""

    standing_list = models.ForeignKey(StandingList, on_delete=models.CASCADE, related_name="members")
    phone = models.CharField(max_length=30)
    name = models.CharField(max_length=200, default="", blank=True)
    language = models.CharField(max_length=10, default="", blank=True)
    variables = models.JSONField(default=dict, blank=True)
    joined_on = models.DateField(default=today, help_text="Recurring programmes call from this day on (IST).")

    class Meta:
        ordering = ("standing_list", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["standing_list", "phone"], name="one_person_once_a_list"),
        ]

    def __str__(self) -> str:
        return self.name or f"member {self.pk}"

    def clean(self) -> None:
        """Bring the number to E.164. Raises ValidationError with a sentence if it cannot be called."""
        verdict = phones.parse_number(self.phone, own_numbers=())
        if verdict.e164 is None:
            raise ValidationError({"phone": verdict.note})
        self.phone = verdict.e164
        if not isinstance(self.variables, dict) or not all(
            isinstance(value, str) for value in self.variables.values()
        ):
            raise ValidationError({"variables": "Write texts under their names: {“clinic”: “Anand”}."})


class MemberDate(models.Model):
    """A date of a person, under a name: due_date, birth."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="dates")
    name = models.CharField(max_length=40, validators=[NAME_OF_DATE])
    day = models.DateField(
        validators=[MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2200, 1, 1))]
    )

    class Meta:
        ordering = ("member", "name")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "name"], name="member_date_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["name", "day"], name="member_date_day")]

    def __str__(self) -> str:
        return f"{self.name}: {self.day}"


class ProgrammeKind(models.TextChoices):
    """What draws people."""

    DATE = "date", "By a date of each person"
    WEEKLY = "weekly", "Every week"
    MONTHLY = "monthly", "Every month"


class OffsetUnit(models.TextChoices):
    """What the distance to the date counts."""

    DAYS = Unit.DAYS.value, "Days"
    WEEKS = Unit.WEEKS.value, "Weeks"
    MONTHS = Unit.MONTHS.value, "Months"
    YEARS = Unit.YEARS.value, "Years"


class Programme(Stamped):
    """Who of a standing list is drawn on which day, and called as which campaign says.

    Every day's people become a campaign of their own, a copy of `pattern`.
    """

    Kind: TypeAlias = ProgrammeKind

    name = models.CharField(max_length=120, unique=True)
    standing_list = models.ForeignKey(StandingList, on_delete=models.PROTECT, related_name="programmes")
    pattern = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        related_name="programmes",
        help_text="Each day's campaign is a copy of this one, with its declaration and without its people.",
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.DATE)
    date_name = models.CharField(
        "by which date",
        max_length=40,
        default="",
        blank=True,
        validators=[NAME_OF_DATE],
        help_text="Such as due_date. Empty for recurring programmes.",
    )
    offset_count = models.SmallIntegerField(
        "how long after it",
        default=0,
        validators=[MinValueValidator(-LONGEST_OFFSET), MaxValueValidator(LONGEST_OFFSET)],
        help_text="Negative: before it. -3 days: three days before.",
    )
    offset_unit = models.CharField(max_length=10, choices=OffsetUnit, default=OffsetUnit.DAYS)
    on_day = models.PositiveSmallIntegerField(
        "on which day",
        null=True,
        blank=True,
        help_text="Every week: 1 Monday to 7 Sunday. Every month: 1 to 31; a shorter month's last day.",
    )
    parts = models.PositiveSmallIntegerField(
        "parts of the message",
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(episodes.MOST_PARTS)],
        help_text="With more than one: each comes at a date of its own, and the dialogue gets its number "
        "as the value “part”.",
    )
    part_days = models.PositiveSmallIntegerField(
        "days from part to part",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(366)],
        help_text="Only by a date, with several parts. Every week and every month bring a part each.",
    )
    heard_percent = models.PositiveSmallIntegerField(
        "next part after so much was heard (%)",
        default=75,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Of what the call for the last part said. Otherwise that part is repeated.",
    )
    repeats = models.PositiveSmallIntegerField(
        "a part is repeated at most",
        default=2,
        validators=[MaxValueValidator(episodes.MOST_REPEATS)],
        help_text="Not heard after so many repetitions: no further part is told.",
    )
    late_days = models.PositiveSmallIntegerField(
        "drawn late at most (days)",
        default=2,
        validators=[MaxValueValidator(60)],
        help_text="What was not drawn by then is noted as missed, and nobody is called.",
    )
    begins_on = models.DateField(default=today, help_text="What fell before this day is left alone (IST).")
    active = models.BooleanField(default=False)
    settled_until = models.DateField(null=True, blank=True, editable=False)
    reason = models.TextField(default="", blank=True, editable=False, help_text="What stops the drawing.")

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            one_of("kind", ProgrammeKind, table="programme"),
            one_of("offset_unit", OffsetUnit, table="programme"),
            models.CheckConstraint(
                condition=(Q(kind="date", on_day__isnull=True) & ~Q(date_name=""))
                | Q(kind="weekly", date_name="", on_day__isnull=False, on_day__gte=1, on_day__lte=7)
                | Q(kind="monthly", date_name="", on_day__isnull=False, on_day__gte=1, on_day__lte=31),
                name="programme_rule_complete",
                violation_error_message="Give the name of a date; for every week or month the day alone.",
            ),
            models.CheckConstraint(
                condition=Q(kind="date", parts__gt=1, part_days__isnull=False, part_days__gte=1)
                | Q(part_days__isnull=True, parts=1)
                | (~Q(kind="date") & Q(part_days__isnull=True, parts__gte=1)),
                name="programme_parts_complete",
                violation_error_message="Give the days from part to part where there are several by a date, "
                "and only there.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def offset(self) -> Offset:
        """Return how far from the person's date the call falls."""
        return Offset(self.offset_count, Unit(self.offset_unit))

    @property
    def dates(self) -> int:
        """Return at how many dates it may draw a person for one date of theirs: parts and repetitions."""
        return self.parts * (1 + self.repeats) if self.parts > 1 else 1

    @property
    def rule(self) -> str:
        """Return in words when it draws."""
        if self.kind == self.Kind.DATE:
            return f"{self.offset} {self.date_name.replace('_', ' ')}"
        if self.kind == self.Kind.WEEKLY:
            return f"every {date(2024, 1, self.on_day or 1):%A}"  # 1 January 2024 was a Monday
        return f"every month on day {self.on_day}"

    def falls_on(self, day: date) -> bool:
        """Return whether a recurring programme draws on this day."""
        if self.kind == self.Kind.WEEKLY:
            return recurrence.is_weekday(day, self.on_day or 0)
        return recurrence.is_day_of_month(day, self.on_day or 0)


class ProgrammeRound(models.Model):
    """The campaign that calls those whose day it was."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="rounds")
    falls_on = models.DateField()
    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="programme_round")
    reason = models.TextField(default="", blank=True, help_text="Why it is not launched.")

    class Meta:
        ordering = ("-falls_on", "-id")

    def __str__(self) -> str:
        return f"{self.programme}, {self.falls_on}"


class DrawFate(models.TextChoices):
    """What became of a person's occurrence. ENDED: no part follows any more, and no other draw."""

    DRAWN = "drawn", "Drawn"
    MISSED = "missed", "Missed"
    ENDED = "ended", "No further part"


class Draw(models.Model):
    """One occurrence of one person in one programme; there is never a second one.

    `occurrence` is the person's own date, or the day itself in a recurring programme. The phone stands
    here and not the member, so that a list that is written anew draws no person again. In a programme of
    several parts by a date an occurrence has several dates: `step` counts them from 0.
    """

    Fate: TypeAlias = DrawFate

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="draws", db_index=False
    )  # the constraint's index begins with it
    phone = models.CharField(max_length=16)
    occurrence = models.DateField()
    step = models.PositiveSmallIntegerField(default=0)
    part = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of the message, from 1.")
    falls_on = models.DateField()
    fate = models.CharField(max_length=10, choices=Fate)
    reason = models.TextField(default="", blank=True)
    round = models.ForeignKey(
        ProgrammeRound, on_delete=models.SET_NULL, null=True, blank=True, related_name="draws"
    )
    drawn_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            one_of("fate", DrawFate, table="draw"),
            models.UniqueConstraint(
                fields=["programme", "phone", "occurrence", "step"], name="one_draw_a_person_and_occurrence"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme}, {self.occurrence}: {self.fate}"
