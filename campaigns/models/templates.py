"""Templates, their languages and recorded clips: our side of what XFin keeps."""

from typing import ClassVar, TypeAlias

from django.core.validators import MaxValueValidator
from django.db import models

from campaigns.models.accounts import Account, PhoneNumber
from campaigns.models.base import Stamped, one_of


class MirroredSync(models.TextChoices):
    """How our copy and XFin's compare."""

    PENDING = "pending", "To be uploaded"
    SYNCED = "synced", "Same at XFin"
    DRIFTED = "drifted", "Changed at XFin"
    FAILED = "failed", "Refused by XFin"


class Mirrored(Stamped):
    """A thing that stands here and at XFin. `remote` is what XFin said of it last, to show drift."""

    Sync: TypeAlias = MirroredSync

    remote_id = models.CharField(max_length=64, default="", blank=True)
    remote = models.JSONField(default=dict, blank=True, editable=False)
    sync_state = models.CharField(max_length=10, choices=Sync, default=Sync.PENDING)
    sync_reason = models.TextField(default="", blank=True)
    synced_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class TemplateResponseType(models.TextChoices):
    """What the platform itself collects; with an agent on the line that is nothing."""

    NONE = "none", "Nothing"
    VOICE = "voice", "Voice"
    TOUCHTONE = "touchtone", "Keys"


NO_REDIALS = "XFin's own redials are judged by no rule: use the campaign's retries."


class Template(Mirrored):
    """What a call is about."""

    ResponseType: TypeAlias = TemplateResponseType

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="templates")
    name = models.CharField(max_length=120)
    description = models.TextField(default="", blank=True)
    response_type = models.CharField(max_length=12, choices=ResponseType, default=ResponseType.VOICE)
    num_backups = models.PositiveSmallIntegerField(
        "redials by XFin",
        default=0,
        validators=[MaxValueValidator(0, NO_REDIALS)],
    )
    max_touchtone_retries = models.PositiveSmallIntegerField(default=3)
    numbers = models.ManyToManyField(PhoneNumber, related_name="templates", blank=True)

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "name"], name="template_name_once_an_account"),
            one_of("sync_state", MirroredSync, table="template"),
            one_of("response_type", TemplateResponseType, table="template"),
        ]

    def __str__(self) -> str:
        return self.name


class Content(Mirrored):
    """One recorded clip, as a WAV file."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="contents")
    name = models.CharField(max_length=120)
    file = models.FileField(upload_to="contents/")

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "name"], name="content_name_once_an_account"),
            one_of("sync_state", MirroredSync, table="content"),
        ]

    def __str__(self) -> str:
        return self.name


class TemplateLanguage(Mirrored):
    """A template in one language: fixed words with `_N_` number and `_W_` word slots, and its clips."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="languages")
    language = models.CharField(max_length=10)
    syntax = models.TextField(default="", blank=True)
    contents = models.ManyToManyField(Content, related_name="languages", blank=True)

    class Meta:
        ordering = ("template", "language")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["template", "language"], name="template_language_once"),
            one_of("sync_state", MirroredSync, table="templatelanguage"),
        ]

    def __str__(self) -> str:
        return f"{self.template} ({self.language})"


def mark_pending(thing: Mirrored) -> None:
    """Mark an unsaved change as not yet known to XFin. Nothing is saved."""
    thing.sync_state = Mirrored.Sync.PENDING
    thing.sync_reason = "Changed here; it is uploaded to XFin within seconds."
