"""The language that a person chose: kept under a code, spoken in every campaign that has it, and erased."""

from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from campaigns.imports.update import update_those_who_wait
from campaigns.imports.upload import import_people
from campaigns.models import Campaign, ChosenLanguage, Recipient, TemplateLanguage
from campaigns.planning import preflight
from campaigns.privacy import erasure, legal_holds, purge
from campaigns.pseudonyms import pseudonym
from campaigns.queries import evidence
from campaigns.transitions import language
from tests.calls.agents.texts import ENGLISH, MENU, dialogue
from tests.campaigns.world import NOON, at, make_campaign

pytestmark = pytest.mark.django_db
ASHA = "+919825012401"
LIST = b"Name,Mobile,Language,Amount\nAsha,9825012401,hi,500\nRavi,9825012402,hi,700\n"
AGAIN = LIST.replace(b"500", b"650")


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def campaign() -> Campaign:
    """A campaign whose template and agent have Hindi and English."""
    campaign = make_campaign()
    in_two = MENU | {"languages": {"hi": ENGLISH, "en": ENGLISH}}
    campaign.agent.configuration = dialogue(in_two)
    campaign.agent.save()
    for code in ("hi", "en"):
        TemplateLanguage.objects.create(template=campaign.template, language=code)
    return campaign


def languages() -> dict[str, tuple[str, str]]:
    rows = Recipient.objects.values_list("phone", "language", "language_listed")
    return {phone: (spoken, listed) for phone, spoken, listed in rows}


def load(campaign: Campaign, data: bytes = LIST) -> None:
    import_people(campaign, data=data, filename="list.csv", by=None)


def test_open_campaigns_go_on_in_it_and_the_last_choice_counts(campaign: Campaign) -> None:
    load(campaign)
    language.choose(ASHA, "en", at=NOON)
    assert languages() == {ASHA: ("en", "hi"), "+919825012402": ("hi", "")}
    language.choose(ASHA, "hi", at=NOON + timedelta(minutes=1))
    assert languages()[ASHA] == ("hi", "")
    language.choose(ASHA, "en", at=NOON)  # stored late, said earlier
    assert languages()[ASHA] == ("hi", "")
    assert ChosenLanguage.objects.get().whose == pseudonym(ASHA)


def test_it_goes_before_a_later_list_and_the_preflight_says_so(campaign: Campaign) -> None:
    language.choose(ASHA, "en", at=NOON)
    load(campaign)
    assert languages() == {ASHA: ("en", "hi"), "+919825012402": ("hi", "")}
    assert "the list says “hi”" in Recipient.objects.get(phone=ASHA).note
    assert preflight.ask(campaign, None, clock=at(NOON)).figures["chosen"] == 1
    load(campaign, AGAIN)
    assert update_those_who_wait(campaign.imports.latest("pk"), now=NOON) == 2
    assert languages()[ASHA] == ("en", "hi")


def test_a_campaign_that_does_not_have_it_keeps_the_lists(campaign: Campaign) -> None:
    TemplateLanguage.objects.filter(language="en").delete()
    language.choose(ASHA, "en", at=NOON)
    load(campaign)
    assert languages()[ASHA] == ("hi", "")
    TemplateLanguage.objects.create(template=campaign.template, language="gu")
    assert not language.has_language(campaign, "gu")  # the agent has no words in it


def test_it_is_in_a_persons_file_and_goes_with_an_erasure_or_its_period(campaign: Campaign) -> None:
    language.choose(ASHA, "en", at=NOON)
    (shown,) = evidence.pack(ASHA, now=NOON)["languages"]
    assert shown["language"] == "en"
    sweep = next(sweep for sweep in purge.SWEEPS if sweep.kind == "languages")
    hold = legal_holds.place(phone=ASHA, reason="A court.", by=None)
    late = NOON + timedelta(days=1100)
    assert purge.purge([sweep], now=late) == 0
    legal_holds.release(hold.pk, reason="Over.", by=None, now=late)
    assert purge.purge([sweep], now=late + timedelta(days=1)) == 1
    language.choose(ASHA, "en", at=NOON)
    removed = erasure.forget(erasure.ask(ASHA, reason="A letter.", by=None, now=NOON))
    assert removed["languages"] == 1
    assert language.chosen([ASHA]) == {}
