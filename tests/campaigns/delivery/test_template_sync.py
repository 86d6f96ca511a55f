"""Templates, languages and clips reach XFin once, in the order they need."""

import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.core.files.base import ContentFile
from pytest_django import Settings

from campaigns.delivery import template_drift, template_sync
from campaigns.delivery.claims import AccountHold
from campaigns.errors import NotAllowed
from campaigns.lifecycle import actions
from campaigns.models import Account, Campaign, Content, Template, TemplateLanguage
from campaigns.models.templates import Mirrored
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
            if number and int(number) not in shelf:
                return httpx.Response(404, json={"detail": "Not found."})
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
    assert template_sync.accounts_to_synchronise(NOON) == [account.pk]
    template_sync.synchronise(account.pk, clock=at(NOON), transport=shelf)


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
    assert template_sync.accounts_to_synchronise(NOON) == []


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


@pytest.mark.parametrize("kind", [Template, TemplateLanguage, Content])
def test_what_a_list_leaves_out_is_not_created_again(
    settings: Settings, tmp_path: object, monkeypatch: pytest.MonkeyPatch, kind: type[Mirrored]
) -> None:
    account, shelf = prepared(settings, tmp_path), Shelf()
    synchronise(account, shelf)
    before = set(kind._default_manager.values_list("remote_id", flat=True))
    monkeypatch.setattr(shelf, "_page", lambda _: {"results": [], "next": None})
    kind._default_manager.update(sync_state=Mirrored.Sync.PENDING)
    synchronise(account, shelf)
    assert shelf.created == ["content", "template", "templatelanguage"]
    assert set(kind._default_manager.values_list("remote_id", "sync_state")) == {
        (remote_id, Mirrored.Sync.SYNCED) for remote_id in before
    }


def test_a_list_that_leaves_out_what_xfin_has_proves_no_absence(
    settings: Settings, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, shelf = prepared(settings, tmp_path), Shelf()
    synchronise(account, shelf)
    Template.objects.create(account=account, name="Another")  # its creation's reply may have been lost
    with monkeypatch.context() as patched:
        patched.setattr(shelf, "_page", lambda _: {"results": [], "next": None})
        synchronise(account, shelf)
    assert shelf.created.count("template") == 1
    assert "it leaves out what XFin has" in Account.objects.get().reason
    synchronise(account, shelf)
    assert shelf.created.count("template") == 2
    assert Account.objects.get().state == Account.State.READY


def test_what_is_gone_at_xfin_is_created_again(settings: Settings, tmp_path: object) -> None:
    account, shelf = prepared(settings, tmp_path), Shelf()
    synchronise(account, shelf)
    shelf.things["template"].clear()
    Template.objects.update(sync_state=Template.Sync.PENDING)
    synchronise(account, shelf)
    assert shelf.created.count("template") == 2


def test_no_redials_go_up_whatever_is_stored(settings: Settings, tmp_path: object) -> None:
    account, shelf = prepared(settings, tmp_path), Shelf()
    Template.objects.update(num_backups=3)  # as the column allowed before
    synchronise(account, shelf)
    (template,) = shelf.things["template"].values()
    options = {option["option"]: option["value"] for option in template["advanced_options"]}
    assert options["num_backups"] == 0


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
    other = AccountHold(account.pk, "synchronising_until", seconds=300)
    assert other.take()
    template_sync.synchronise(account.pk, clock=at(NOON + timedelta(days=9)), transport=shelf)
    assert shelf.created == []
    other.release()
    template_sync.synchronise(account.pk, clock=at(NOON), transport=shelf)
    assert shelf.created == ["content", "template", "templatelanguage"]
    assert Account.objects.get().synchronising_until is None


class TakenOverMeanwhile(Shelf):
    """The worker is frozen after its first creation; another has the account when it goes on."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Its hold ends with the first creation."""
        answer = super().handle_request(request)
        if self.created:
            Account.objects.update(synchronising_until=datetime(2001, 1, 1, tzinfo=UTC))
        return answer


def test_a_worker_that_lost_its_hold_creates_nothing_more_and_ends_no_other_hold(
    settings: Settings, tmp_path: object
) -> None:
    account, shelf = prepared(settings, tmp_path), TakenOverMeanwhile()
    synchronise(account, shelf)
    assert shelf.created == ["content"]
    assert Account.objects.get().synchronising_until is not None
    assert Account.objects.get().state == Account.State.READY


class EditedMeanwhile(Shelf):
    """Somebody saves the template here while it is on its way to XFin."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The edit comes with the request, once."""
        if request.method == "POST" and request.url.path.endswith("template/") and not self.created[1:]:
            template = Template.objects.get()
            template.description = "Newer words"
            template.sync_state = Template.Sync.PENDING
            template.save()
        return super().handle_request(request)


def test_a_change_made_while_the_template_goes_up_is_uploaded_too(
    settings: Settings, tmp_path: object
) -> None:
    account, shelf = prepared(settings, tmp_path), EditedMeanwhile()
    synchronise(account, shelf)
    assert Template.objects.get().sync_state == Template.Sync.PENDING
    synchronise(account, shelf)
    assert [t["description"] for t in shelf.things["template"].values()] == ["Newer words"]
    assert shelf.created == ["content", "template", "templatelanguage"]


# --- What is changed at XFin itself ----------------------------------------------------------------


def look(account: Account, shelf: Shelf) -> int:
    return template_drift.look(account.pk, clock=at(NOON), transport=shelf)


def looked_at(settings: Settings, tmp_path: object) -> tuple[Campaign, Shelf]:
    """A running campaign whose template is at XFin and was seen there as it should be."""
    account, shelf = prepared(settings, tmp_path), Shelf()
    assert template_drift.accounts_to_look_at(NOON) == []
    synchronise(account, shelf)
    assert template_drift.accounts_to_look_at(NOON) == [account.pk]
    for _ in range(2):
        assert look(account, shelf) == 0
    assert set(Template.objects.values_list("sync_state", flat=True)) == {Template.Sync.SYNCED}
    return Campaign.objects.get(), shelf


def test_redials_set_at_xfin_stop_the_campaign_until_ours_are_back(
    settings: Settings, tmp_path: object
) -> None:
    campaign, shelf = looked_at(settings, tmp_path)
    account = campaign.template.account
    (there,) = shelf.things["template"].values()
    next(o for o in there["advanced_options"] if o["option"] == "num_backups")["value"] = "3"
    assert look(account, shelf) == 1
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.STOPPED
    words = "The template “EMI reminder”: Changed at XFin: num_backups: 0 → 3. Save it here to put ours back"
    assert campaign.reason == f"Stopped by itself: {words}, then resume."
    with pytest.raises(NotAllowed, match="num_backups: 0 → 3"):
        actions.resume(campaign, None)
    assert look(account, shelf) == 0  # it is stopped already, and the reason stays
    Template.objects.update(sync_state=Template.Sync.PENDING)
    synchronise(account, shelf)
    look(account, shelf)
    actions.resume(campaign, None)
    assert look(account, shelf) == 0


def test_words_changed_at_xfin_stop_it_and_changed_back_they_do_not(
    settings: Settings, tmp_path: object
) -> None:
    campaign, shelf = looked_at(settings, tmp_path)
    (there,) = shelf.things["templatelanguage"].values()
    there["syntax"] = "two _N_"
    assert look(campaign.template.account, shelf) == 1
    assert "words: one _N_ → two _N_" in TemplateLanguage.objects.get().sync_reason
    there["syntax"] = "one _N_"
    look(campaign.template.account, shelf)
    assert TemplateLanguage.objects.get().sync_state == Template.Sync.SYNCED
    actions.resume(Campaign.objects.get(), None)


def test_a_template_that_is_gone_is_said_and_one_that_a_list_leaves_out_is_not(
    settings: Settings, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, shelf = looked_at(settings, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(shelf, "_page", lambda _: {"results": [], "next": None})
        assert look(campaign.template.account, shelf) == 0
    shelf.things["template"].clear()
    assert look(campaign.template.account, shelf) == 1
    assert "It is not at XFin any more." in Campaign.objects.get().reason


def test_a_drifted_template_is_not_launched(settings: Settings, tmp_path: object) -> None:
    campaign, _ = looked_at(settings, tmp_path)
    Template.objects.update(sync_state=Template.Sync.DRIFTED, sync_reason="Changed at XFin: name: A → B.")
    assert any("name: A → B" in problem for problem in actions.launch_problems(campaign))
