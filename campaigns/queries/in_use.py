"""What is used, and so can neither be deleted nor become another thing. Each sentence is for staff."""

from collections.abc import Iterable, Mapping
from typing import Final

from django.db.models import PROTECT, Model, ProtectedError, Q

from campaigns.models import (
    Account,
    Campaign,
    Content,
    PhoneNumber,
    Template,
    TemplateLanguage,
)
from campaigns.models.campaigns import CampaignState

IDENTITY: Final[Mapping[type[Model], tuple[str, ...]]] = {
    Account: ("tenant",),
    PhoneNumber: ("account", "e164"),
    Template: ("account",),
    TemplateLanguage: ("template", "language"),
    Content: ("account",),
}
"""The fields that say which thing at XFin a row is. Changed while it is used, its messages would be looked up
where they are not, and people be called again."""

_NOT_CALLING = (CampaignState.DRAFT, CampaignState.COMPLETED, CampaignState.CANCELLED)


def protected_by(error: ProtectedError) -> str:
    """Return the sentence for a row that others keep from being deleted."""
    kinds = {str(kept._meta.verbose_name_plural) for kept in error.protected_objects}
    return f"This can't be deleted: {' and '.join(sorted(kinds))} use it."


def use_of(thing: Model) -> str:
    """Return what uses a row of `IDENTITY`, as the beginning of a sentence; empty if nothing does."""
    if isinstance(thing, Account):
        return "Messages went to XFin through this account" if thing.batches.exists() else ""
    if isinstance(thing, TemplateLanguage) and language_in_use(thing):
        return "A campaign uses this language"
    if getattr(thing, "remote_id", ""):
        return "This is known to XFin"
    kept = (relation for relation in thing._meta.related_objects if relation.on_delete is PROTECT)
    pairs = ((relation.related_model, relation.field.name) for relation in kept)
    users = [model for model, name in pairs if model._default_manager.filter(**{name: thing.pk}).exists()]
    names = sorted(str(model._meta.verbose_name_plural) for model in users)
    return f"This is used by {' and '.join(names)}" if names else ""


def frozen_fields(thing: Model, changed: Iterable[str]) -> dict[str, str]:
    """Return the fields of `changed` that must stay as they are, each with the sentence that says why."""
    frozen = [name for name in changed if name in IDENTITY.get(type(thing), ())]
    use = use_of(thing) if frozen and thing.pk else ""
    return {name: f"{use}; this can't be changed any more. Make a new one instead." for name in frozen if use}


def language_in_use(language: TemplateLanguage) -> str:
    """Return why a template's language can't be deleted: campaigns that may still call in it; or empty."""
    of_template = Q(template=language.template_id) | Q(retry_template=language.template_id)
    campaigns = Campaign.objects.filter(of_template).exclude(state__in=_NOT_CALLING)
    names = [f"“{name}”" for name in campaigns.order_by("name").values_list("name", flat=True)[:3]]
    return f"Campaigns that are not over use it: {', '.join(names)}." if names else ""
