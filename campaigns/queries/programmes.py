"""Reads about programmes and standing lists for the portal. Each function says how many queries it makes."""

from django.db.models import Count, Q, QuerySet

from campaigns.models import Programme, ProgrammeRound, StandingList
from campaigns.models.programmes import DrawFate

#: Days of a programme that are shown on the page.
LATEST_ROUNDS = 7


def standing_lists() -> QuerySet[StandingList]:
    """Return every standing list with how many `people` it has. One query."""
    return StandingList.objects.annotate(people=Count("members"))


def programmes() -> list[tuple[Programme, list[ProgrammeRound]]]:
    """Return each programme with `drawn`, `missed` and `ended`, and its latest days. A query and one each."""
    found = Programme.objects.select_related("standing_list", "pattern").annotate(
        drawn=Count("draws", filter=Q(draws__fate=DrawFate.DRAWN)),
        ended=Count("draws", filter=Q(draws__fate=DrawFate.ENDED)),
        missed=Count("draws", filter=Q(draws__fate=DrawFate.MISSED)),
    )
    return [(one, list(one.rounds.select_related("campaign")[:LATEST_ROUNDS])) for one in found]
