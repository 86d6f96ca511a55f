"""Settings of the sandbox process. Independent of `awaaz_project.settings` on purpose."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from sandbox.line.playout import FarEnd
from sandbox.pacing import Window, read_gaps
from sandbox.people.casting import EVERYDAY, check_mix

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var")
DATA_DIR.mkdir(parents=True, exist_ok=True)


SECRET_KEY = os.environ.get("SANDBOX_SECRET_KEY", "")
if not SECRET_KEY:
    # A key that outlives a restart, so that tokens do too; it is made on first use.
    _secret = DATA_DIR / "sandbox-secret"
    with suppress(FileExistsError), _secret.open("x") as file:
        _secret.chmod(0o600)
        file.write(secrets.token_urlsafe(48))
    SECRET_KEY = _secret.read_text() or secrets.token_urlsafe(48)
DEBUG = False
ALLOWED_HOSTS = os.environ.get("SANDBOX_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
ROOT_URLCONF = "sandbox.urls"
ASGI_APPLICATION = "sandbox.asgi.application"
INSTALLED_APPS = ["sandbox.apps.SandboxConfig"]
MIDDLEWARE: list[str] = []
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "Asia/Kolkata"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
PASSWORD_HASHERS = ["sandbox.hashers.LightScryptPasswordHasher"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "sandbox.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
        # A file, not memory: the dialer and the API write from different threads.
        "TEST": {"NAME": str(DATA_DIR / "test-sandbox.sqlite3")},
    }
}
# 10,000 messages of about 2 kB each in one request.
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
MEDIA_ROOT = DATA_DIR / "sandbox-media"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s sandbox %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("SANDBOX_LOG_LEVEL", "INFO")},
    "loggers": {"websockets": {"level": "ERROR"}, "uvicorn.access": {"level": "WARNING"}},
}

CLOCK_OFFSET = float(os.environ.get("CLOCK_OFFSET") or 0)

# XFin API (awaaz-platform.md §1).
SANDBOX_TOKEN_SECONDS = int(os.environ.get("SANDBOX_TOKEN_SECONDS", "3600"))
SANDBOX_PAGE_SIZE = int(os.environ.get("SANDBOX_PAGE_SIZE", "100"))
SANDBOX_BULK_LIMIT = 10_000
SANDBOX_INSTANT_LIMIT = 5
SANDBOX_CONTENT_BYTES = 20 * 1024 * 1024

# Scheduler. The window: hours in IST outside which no message is dialled, e.g. 09:00-21:00; empty: always.
SANDBOX_WINDOW = Window.read(os.environ["SANDBOX_WINDOW"]) if os.environ.get("SANDBOX_WINDOW") else None
SANDBOX_REDIAL_MINUTES = os.environ.get("SANDBOX_REDIAL_MINUTES") or "30"
read_gaps(SANDBOX_REDIAL_MINUTES)
# The mix of mixes.yaml that answers unless the control API sets another.
SANDBOX_MIX = check_mix(os.environ.get("SANDBOX_MIX") or EVERYDAY)
# The clock can be made to run fast or to jump; calls are then made without audio.
SANDBOX_VIRTUAL_CLOCK = os.environ.get("SANDBOX_VIRTUAL_CLOCK", "") in {"1", "true", "yes"}
# Messages of a template in one round: bounds its memory, and how long it keeps other writers waiting.
SANDBOX_ROUND_MESSAGES = int(os.environ.get("SANDBOX_ROUND_MESSAGES", "2000"))

# Dialer. The far end of an agent's audio: `sandbox.line.playout.FarEnd`; ValueError names what is none.
SANDBOX_FAR_END = FarEnd(os.environ.get("SANDBOX_FAR_END") or FarEnd.AUDIO_FORK)
SANDBOX_MAX_CALLS = int(os.environ.get("SANDBOX_MAX_CALLS", "250"))
SANDBOX_MAX_CALL_SECONDS = float(os.environ.get("SANDBOX_MAX_CALL_SECONDS", "300"))
SANDBOX_HANDSHAKE_SECONDS = float(os.environ.get("SANDBOX_HANDSHAKE_SECONDS", "5"))
SANDBOX_POLL_SECONDS = float(os.environ.get("SANDBOX_POLL_SECONDS", "0.2"))
SANDBOX_RECORD_CALLS = os.environ.get("SANDBOX_RECORD_CALLS", "") in {"1", "true", "yes"}
SANDBOX_RECORDINGS_DIR = DATA_DIR / "sandbox-recordings"
SANDBOX_CLIPS_DIR = DATA_DIR / "clips"
