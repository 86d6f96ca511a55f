"""`manage.py sandbox_clips`: make the clips of the people who answer."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from sandbox.platform import clips


class Command(BaseCommand):
    help = "Make the sandbox people's clips by speech synthesis. Clips that are there are kept."

    def handle(self, *_args: Any, **_options: Any) -> None:
        missing = clips.make(settings.SANDBOX_CLIPS_DIR)
        made = len(list(clips.wanted(settings.SANDBOX_CLIPS_DIR))) - len(missing)
        if missing:
            names = ", ".join(missing)
            self.stdout.write(f"These clips could not be made, people use tones instead: {names}.")
        self.stdout.write(f"clips={made} missing={len(missing)}")
