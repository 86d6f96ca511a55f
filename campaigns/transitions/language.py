"""The language that a person chose in a call: kept under the number's pseudonym, spoken from then on.

It goes before what a list says, wherever the campaign has it: the person's own word is the better source.
"""

from collections.abc import Collection
from datetime import datetime

from campaigns.agent_inspection import inspect
from campaigns.models import Campaign, ChosenLanguage, Recipient, TemplateLanguage
from campaigns.pseudonyms import pseudonym


def choose(phone: str, language: str, *, at: datetime) -> None:
    """Keep the language that the person with this number chose, in the caller's transaction.

    The person's open campaigns go on in it, those that have it. A later choice stands against an earlier one
    that is stored after it.
    """
    whose = pseudonym(phone)
    row, is_new = ChosenLanguage.objects.get_or_create(
        whose=whose, defaults={"language": language, "chosen_at": at}
    )
    if not is_new:
        if row.chosen_at > at:
            return
        ChosenLanguage.objects.filter(pk=row.pk).update(language=language, chosen_at=at)
    related = ("campaign__agent", "campaign__dialogue_version")
    people = Recipient.objects.filter(phone=phone, state__in=Recipient.OPEN_STATES).exclude(language=language)
    for person in people.order_by("pk").select_related(*related):
        if has_language(person.campaign, language):
            listed = person.language_listed or person.language
            Recipient.objects.filter(pk=person.pk).update(
                language=language, language_listed="" if listed == language else listed, changed_at=at
            )


def chosen(phones: Collection[str]) -> dict[str, str]:
    """Return the languages that people chose, by their numbers; those without a choice are left out."""
    if not phones or not ChosenLanguage.objects.exists():
        return {}
    names = {pseudonym(phone): phone for phone in phones}
    rows = ChosenLanguage.objects.filter(whose__in=names).values_list("whose", "language")
    return {names[whose]: language for whose, language in rows}


def has_language(campaign: Campaign, language: str) -> bool:
    """Return whether XFin has the campaign's template in a language, and the agent speaks it."""
    templates = [campaign.template_id, *([campaign.retry_template_id] if campaign.retry_template_id else [])]
    forms = TemplateLanguage.objects.filter(template__in=templates, language=language)
    if forms.values("template").distinct().count() < len(set(templates)):
        return False
    return inspect(campaign.agent.kind, campaign.spoken).heard(language) in ("", language)
