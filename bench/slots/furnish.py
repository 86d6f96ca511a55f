"""`python -m bench.slots.furnish COUNT SLOTS`: the people of the crowd, and a calendar of so many slots.

Prints the stream's path and the references, as `bench.crowd.furnish` does.
"""

import sys
from datetime import timedelta

from bench.crowd import furnish
from bench.slots.dialogue import CALENDAR, DIALOGUE
from calls.media.prewarm import Ahead
from campaigns import clock
from campaigns.models import Agent, Calendar, Slot

SPEECH_S = 60.0


def main() -> None:
    """Make all rows, and have the bench's dialogue answer, its words spoken ahead."""
    furnish.main()
    Agent.objects.update(configuration=DIALOGUE)
    Ahead(Agent.Kind.DIALOGUE, DIALOGUE).prepare_common(seconds=SPEECH_S)
    calendar = Calendar.objects.create(name=CALENDAR)
    first = clock.now() + timedelta(days=1)
    Slot.objects.bulk_create(
        Slot(calendar=calendar, place="Anand", begins=first + timedelta(minutes=15 * number))
        for number in range(int(sys.argv[2]))
    )


if __name__ == "__main__":
    main()
