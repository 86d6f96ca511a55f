"""Programmes as staff and programs see them: the page, the admin, the API."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from campaigns.lifecycle import actions
from campaigns.models import Campaign, Member, Programme, StandingList, User
from campaigns.programmes import draw
from tests import cast
from tests.campaigns.api.test_campaigns import api, send
from tests.campaigns.programmes.test_draw import DAY, TODAY, join, make_programme, morning

pytestmark = pytest.mark.django_db


def test_the_page_says_what_was_drawn_and_missed() -> None:
    programme = make_programme()
    join(programme, 1, due=TODAY + 3 * DAY)
    join(programme, 2, due=TODAY - 3 * DAY)
    draw.draw(programme.pk, now=morning(TODAY))
    page = cast.browser(cast.manager()).get(reverse("programmes")).content.decode()
    assert "Mothers of Anand: 3 days before due date, at most 2 days late" in page
    assert "24 Nov 2026</a> draft" in page
    assert "fate__exact=missed" in page


def test_the_page_is_for_those_who_may_view_programmes() -> None:
    assert cast.browser(cast.viewer()).get(reverse("programmes")).status_code == 200
    assert cast.browser(cast.outsider()).get(reverse("programmes")).status_code == 403


@pytest.mark.parametrize("table", ["standinglist", "member", "programme", "programmeround", "draw"])
def test_the_admin_shows_each_table_with_numbers_masked(table: str) -> None:
    programme = make_programme()
    member = join(programme, 1, due=TODAY + 3 * DAY)
    draw.draw(programme.pk, now=morning(TODAY))
    answer = cast.browser(cast.manager()).get(reverse(f"admin:campaigns_{table}_changelist"))
    assert answer.status_code == 200
    assert member.phone not in answer.content.decode()


def a_member(**fields: Any) -> dict[str, Any]:
    standing, _ = StandingList.objects.get_or_create(name="Mothers of Anand")
    dates = [{"name": "due_date", "day": "2026-12-01"}]
    return {"standing_list": standing.pk, "phone": "98250 12410", "dates": dates} | fields


def test_a_program_adds_a_person_with_a_date_and_corrects_it() -> None:
    client = api(cast.manager())
    made = send(client, "POST", "members", a_member())
    assert (made.status_code, made.json()["phone"]) == (201, "+919825012410")
    path = f"members/{made.json()['id']}"
    moved = send(client, "PATCH", path, {"dates": [{"name": "due_date", "day": "2026-12-05"}]})
    assert moved.json()["dates"] == [{"name": "due_date", "day": "2026-12-05"}]
    assert send(client, "PATCH", path, {"name": "Asha"}).json()["dates"] == moved.json()["dates"]
    assert send(client, "POST", "members", a_member(phone="+91 98250-12410")).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"phone": "12345"},
        {"dates": [{"name": "Due Date", "day": "2026-12-01"}]},
        {"dates": [{"name": "birth", "day": "2026-02-30"}]},
        {"dates": [{"name": "birth", "day": "2026-02-01"}, {"name": "birth", "day": "2026-02-02"}]},
        {"variables": {"clinic": {"a": 1}}},
    ],
)
def test_what_can_t_be_a_member_is_refused_with_a_reason(fields: dict[str, Any]) -> None:
    answer = send(api(cast.manager()), "POST", "members", a_member(**fields))
    assert answer.status_code == 400
    assert list(answer.json()) == list(fields)
    assert not Member.objects.exists()


def test_an_incomplete_rule_is_refused_in_words() -> None:
    programme = make_programme()
    client = api(cast.manager())
    refused = send(client, "PATCH", f"programmes/{programme.pk}", {"kind": "weekly"})
    assert refused.status_code == 400
    assert "for every week or month the day alone" in refused.content.decode()
    weekly = {"kind": "weekly", "date_name": "", "on_day": 2}
    changed = send(client, "PATCH", f"programmes/{programme.pk}", weekly)
    assert changed.json()["rule"] == "every Tuesday"


def test_what_has_drawn_is_kept() -> None:
    programme = make_programme()
    join(programme, 1, due=TODAY + 3 * DAY)
    draw.draw(programme.pk, now=morning(TODAY))
    client = api(cast.manager())
    assert send(client, "DELETE", f"programmes/{programme.pk}").status_code == 409
    assert send(client, "DELETE", f"standing-lists/{programme.standing_list_id}").status_code == 409
    assert Programme.objects.exists()
    drawn = client.get("/api/draws/?fate=drawn").json()["results"]
    assert [(row["falls_on"], row["campaign"]) for row in drawn] == [
        ("2026-11-24", programme.rounds.get().campaign_id)
    ]


def test_who_fills_a_standing_list_does_not_approve_the_campaign_drawn_from_it() -> None:
    programme = make_programme()
    Campaign.objects.filter(pk=programme.pattern_id).update(category=Campaign.Category.PROMOTIONAL)
    programme.refresh_from_db()
    everything = Permission.objects.filter(content_type__app_label__in=("campaigns", "calls"))
    workers = [User.objects.create(username=name, is_staff=True) for name in ("file", "hand", "api", "other")]
    for user in workers:
        user.user_permissions.set(everything)
    by_file, by_hand, by_program, _ = workers
    address = reverse("standing-list", args=[programme.standing_list_id])
    file = SimpleUploadedFile("new.csv", b"phone,name,due_date\n9825112410,Meena,27/11/2026\n")
    assert cast.browser(by_file).post(address, {"file": file, "do": "read"}).status_code == 200
    assert send(api(by_program), "post", "members", a_member(phone="98250 12411")).status_code == 201
    form = {"standing_list": programme.standing_list_id, "phone": "+919825112412", "joined_on": "2026-11-24"}
    form |= {"dates-TOTAL_FORMS": "0", "dates-INITIAL_FORMS": "0", "variables": "{}"}
    sent = cast.browser(by_hand).post(reverse("admin:campaigns_member_add"), form)
    assert sent.status_code == 302, sent.content
    draw.draw(programme.pk, now=morning(TODAY))
    drawn = Campaign.objects.get(programme_round__programme=programme)
    assert [actions.has_worked_on(drawn, user) for user in workers] == [True, True, True, False]
