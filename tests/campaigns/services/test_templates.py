"""Templates, languages and clips reach XFin once, in the order they need."""

import itertools
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.core.files.base import ContentFile
from pytest_django import Settings

from campaigns.models import Account, Content, Template, TemplateLanguage
from campaigns.services import templates
from tests.campaigns.world import NOON, at, make_campaign

pytestmark = pytest.mark.django_db


@dataclass
class Shelf(httpx.BaseTransport):
    """XFin's templates, languages and contents. `refuse` names one that it does not like."""

    things: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    refuse: str = ""
    lose_next_reply: bool = False
    created: list[str] = field(default_factory=list)
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(16))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Log in, list, create or replace."""
        request.read()
        path = request.url.path.removeprefix("/saraswati/v1/").strip("/")
        if path == "account/login":
            return httpx.Response(200, json={"token": "a-token", "user": {}})
        kind, _, number = path.removeprefix("xact/").partition("/")
        shelf = self.things.setdefault(kind, {})
        if request.method == "GET":
            return httpx.Response(200, json=shelf[int(number)] if number else self._page(shelf))
        if request.method == "PUT":
            shelf[int(number)] |= json.loads(request.content)
            return httpx.Response(200, json=shelf[int(number)])
        return self._create(kind, shelf, request)

    def _page(self, shelf: dict[int, dict[str, Any]]) -> dict[str, Any]:
        return {"results": list(shelf.values()), "next": None}

    def _create(self, kind: str, shelf: dict[int, dict[str, Any]], request: httpx.Request) -> httpx.Response:
        if kind == "content":
            body: dict[str, Any] = {"name": "greeting", "type": "audio", "file": "greeting.wav"}
        else:
            body = json.loads(request.content)
        if self.refuse and body.get("name") == self.refuse:
            return httpx.Response(400, json={"name": ["This name is taken."]})
        number = next(self.ids)
        shelf[number] = {**body, "id": number}
        self.created.append(kind)
        if self.lose_next_reply:
            self.lose_next_reply = False
            raise httpx.ReadTimeout("no answer", request=request)
        return httpx.Response(201, json=shelf[number])


def prepared(settings: Settings, tmp_path: object) -> Account:
    """An account with a template in Hindi that uses one clip, all still to be uploaded."""
    settings.MEDIA_ROOT = tmp_path
    campaign = make_campaign()
    template = campaign.template
    Template.objects.update(sync_state=Template.Sync.PENDING, remote_id="")
    template.numbers.add(campaign.number)
    clip = Content(account=template.account, name="greeting")
    clip.file.save("greeting.wav", ContentFile(b"RIFF"))
    form = TemplateLanguage.objects.create(template=template, language="hi", syntax="one _N_")
    form.contents.add(clip)
    return template.account


def synchronise(account: Account, shelf: Shelf) -> None:
    Account.objects.update(retry_at=NOON)
    assert templates.accounts_to_synchronise(NOON) == [account.pk]
    templates.synchronise(account.pk, clock=at(NOON), transport=shelf)


def test_all_of_it_goes_up_with_the_numbers_as_an_option(settings: Settings, tmp_path: object) -> None:
    account, shelf = prepared(settings, tmp_path), Shelf()
    synchronise(account, shelf)
    assert shelf.created == ["content", "template", "templatelanguage"]
    (template,) = shelf.things["template"].values()
    options = {option["option"]: option["value"] for option in template["advanced_options"]}
    assert options["phone_numbers"] == "+911600110245"
    (form,) = shelf.things["templatelanguage"].values()
    assert form["content"] == [{"id": 16}]
    assert form["template"] == {"id": template["id"]}
    assert templates.accounts_to_synchronise(NOON) == []


def test_a_creation_whose_reply_was_lost_is_found_and_not_repeated(
    settings: Settings, tmp_path: object
) -> None:
    account, shelf = prepared(settings, tmp_path), Shelf(lose_next_reply=True)
    synchronise(account, shelf)
    assert Account.objects.get().state == Account.State.WAITING
    synchronise(account, shelf)
    assert shelf.created == ["content", "template", "templatelanguage"]
    assert Account.objects.get().state == Account.State.READY


def test_a_change_replaces_what_is_there(settings: Settings, tmp_path: object) -> None:
    account, shelf = prepared(settings, tmp_path), Shelf()
    synchronise(account, shelf)
    Template.objects.update(description="New words", sync_state=Template.Sync.PENDING)
    synchronise(account, shelf)
    assert [t["description"] for t in shelf.things["template"].values()] == ["New words"]


def test_a_refusal_keeps_xfins_words(settings: Settings, tmp_path: object) -> None:
    account, shelf = prepared(settings, tmp_path), Shelf(refuse="EMI reminder")
    synchronise(account, shelf)
    template = Template.objects.get()
    assert template.sync_state == Template.Sync.FAILED
    assert "This name is taken." in template.sync_reason


def test_two_workers_do_not_synchronise_one_account_side_by_side(
    settings: Settings, tmp_path: object
) -> None:
    account, shelf = prepared(settings, tmp_path), Shelf()
    Account.objects.update(synchronising_until=NOON + timedelta(seconds=30))
    templates.synchronise(account.pk, clock=at(NOON), transport=shelf)
    assert shelf.created == []
    templates.synchronise(account.pk, clock=at(NOON + timedelta(seconds=31)), transport=shelf)
    assert shelf.created == ["content", "template", "templatelanguage"]
    assert Account.objects.get().synchronising_until is None
