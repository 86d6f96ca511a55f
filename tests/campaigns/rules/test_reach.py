"""One sentence that adds up."""

import pytest

from campaigns.rules import Finding, Judgement, Kind, Scope, Verdict
from campaigns.rules.reach import ReachCounts, sentence


def finding(rule: str, verdict: Verdict, scope: Scope = Scope.PERSON) -> Finding:
    return Finding(rule=rule, kind=Kind.LAW, verdict=verdict, reason="Because.", scope=scope)


@pytest.mark.parametrize(
    ("can", "out", "words"),
    [
        (
            812,
            {"invalid": 17, "opted out": 140, "outside consent": 31},
            "812 of 1,000 can be called: 140 opted out, 31 outside consent, 17 invalid.",
        ),
        (1000, {"invalid": 0}, "All 1,000 can be called."),
        (0, {"opted out": 2}, "0 of 2 can be called: 2 opted out."),
        (0, {}, "There is nobody to call."),
    ],
)
def test_the_sentence(can: int, out: dict[str, int], words: str) -> None:
    assert sentence(can, out) == words


def test_each_person_counts_once_under_the_first_reason() -> None:
    tally = ReachCounts()
    both = (finding("B02 opt-out", Verdict.BLOCK), finding("B13 number", Verdict.BLOCK))
    assert not tally.judged(Judgement(both))
    assert tally.judged(Judgement((finding("W09 landline", Verdict.WARN),)))
    assert (tally.can, dict(tally.out), dict(tally.warns)) == (1, {"opted out": 1}, {"W09 landline": 1})
    assert tally.rows == 2


def test_what_concerns_the_campaign_is_no_reason_against_a_person() -> None:
    tally = ReachCounts()
    campaign = finding("B06 registration", Verdict.BLOCK, Scope.CAMPAIGN)
    assert tally.judged(Judgement((campaign,)))
    assert not tally.judged(Judgement((campaign, finding("B10 basis", Verdict.BLOCK))))
    assert dict(tally.out) == {"outside consent": 1}


def test_a_rule_without_words_of_its_own_is_named() -> None:
    tally = ReachCounts()
    tally.judged(Judgement((finding("B99 new", Verdict.BLOCK),)))
    assert dict(tally.out) == {"B99 new": 1}
