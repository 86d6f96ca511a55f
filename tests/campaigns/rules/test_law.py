"""The law data: complete, dated, and without a switch."""

from datetime import date

from django.conf import settings

from campaigns.rules import JUDGES, REVIEWED, RULES, VERSION, Kind, Verdict, evaluate
from tests.campaigns.rules.cases import NOON, attempt

BLOCKS = {f"B{number:02d}" for number in range(1, 18)}
WARNINGS = {f"W{number:02d}" for number in range(1, 14)}
CAPS = {"F01", "F02", "F03", "F04"}


def test_every_rule_of_the_reference_is_there_with_its_judge() -> None:
    assert {rule.id for rule in RULES} == BLOCKS | WARNINGS | CAPS
    assert set(JUDGES) == BLOCKS | WARNINGS | CAPS


def test_every_rule_names_its_source_grade_and_what_to_do() -> None:
    for rule in RULES:
        assert rule.source, rule.id
        assert rule.grade in set("ABCDP"), rule.id
        assert rule.remedy.endswith("."), rule.id
        assert rule.dated <= REVIEWED, rule.id
    assert VERSION.startswith(REVIEWED.isoformat())


def test_one_form_of_each_rule_is_in_force_on_every_day() -> None:
    for day in (date(2026, 11, 17), date(2026, 12, 31), date(2027, 1, 1), date(2030, 12, 31)):
        assert sorted(rule.id for rule in RULES if rule.in_force(day)) == sorted(JUDGES)


def test_what_changes_with_the_year_2027_changes_at_its_midnight_in_india() -> None:
    kinds = {
        day: next(rule.kind for rule in RULES if rule.id == "B14" and rule.in_force(day))
        for day in (date(2026, 12, 31), date(2027, 1, 1))
    }
    assert list(kinds.values()) == [Kind.LAW, Kind.POLICY]


def test_every_rule_in_force_speaks_about_every_attempt() -> None:
    judgement = evaluate(attempt(), NOON)
    assert sorted(found.id for found in judgement.findings) == sorted(JUDGES)
    assert judgement.verdict == Verdict.OK
    assert sorted(judgement.passed) == sorted(JUDGES)


def test_the_page_for_people_names_every_rule() -> None:
    page = (settings.BASE_DIR / "docs" / "rules.md").read_text(encoding="utf-8")
    assert [rule.name for rule in RULES if f"| {rule.name}" not in page] == []
    assert f"{REVIEWED:%d %b %Y}" in page
