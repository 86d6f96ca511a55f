"""How many of a campaign's people can be called, and why the others cannot, in one sentence. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from campaigns.formatting import grouped
from campaigns.rules import Judgement, Verdict

#: Why a person can't be called, in the words of the sentence, by the rule that says so.
WHY: Mapping[str, str] = {
    "B01": "outside the campaign's own hours",
    "B02": "opted out",
    "B09": "refused by the DND scrub",
    "B10": "outside consent",
    "B11": "opted out too lately to be asked for consent",
    "B12": "under poll silence",
    "B13": "invalid",
    "B14": "with an open grievance",
    "B17": "without a value to be spoken",
}
OPTED_OUT, INVALID, TWICE = WHY["B02"], WHY["B13"], "in the lists twice"


@dataclass(slots=True)
class ReachCounts:
    """Counts that add up: every person is either `can` or in `out` under one reason.

    `waits` and `warns` count, by the rule's name, those of `can` who wait or whose call deserves a thought.
    """

    can: int = 0
    out: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    warns: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """Return how many people were looked at."""
        return self.can + self.out.total()

    def judged(self, judgement: Judgement) -> bool:
        """Count one person by the rules' verdict; return whether this person can be called.

        What concerns the whole campaign is no reason against the person: staff can still put it right.
        """
        if judgement.refuses_person:
            refusal = next(found for found in judgement.blocks if found not in judgement.campaign_blocks)
            self.out[WHY.get(refusal.id, refusal.rule)] += 1
            return False
        self.can += 1
        self.waits.update(found.rule for found in judgement.findings if found.until)
        self.warns.update(found.rule for found in judgement.findings if found.verdict == Verdict.WARN)
        return True


def sentence(can: int, out: Mapping[str, int]) -> str:
    """Return such as "812 of 1,000 can be called: 140 opted out, 31 outside consent, 17 invalid."."""
    rows = can + sum(out.values())
    if not rows:
        return "There is nobody to call."
    parts = ", ".join(f"{grouped(count)} {why}" for why, count in Counter(out).most_common() if count)
    return (
        f"{grouped(can)} of {grouped(rows)} can be called: {parts}."
        if parts
        else f"All {grouped(can)} can be called."
    )
