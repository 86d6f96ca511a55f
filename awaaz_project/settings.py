"""All settings, read once from the environment (or `.env`). docs/settings.md explains each."""

import base64
import hashlib
import os
import secrets
from ipaddress import ip_network
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from kombu import Exchange, Queue

from campaigns.privacy import retention

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").exists():
    environ.Env.read_env(BASE_DIR / ".env")

DATA_DIR = BASE_DIR / Path(env.str("DATA_DIR", default="var")).expanduser()
DATA_DIR.mkdir(parents=True, exist_ok=True)

# Recordings, lists, speech and SQLite's file hold people's data: other users of the machine read none.
os.umask(os.umask(0o077) | 0o027)


def private_folder(path: Path) -> Path:
    """Return a folder, made if it is missing, that other users of the machine can't enter."""
    path.mkdir(mode=0o750, exist_ok=True)
    if path.stat().st_mode & 0o007:  # an earlier version stored for all to read
        path.chmod(0o750)
    return path


def secret_key_from_file(path: Path) -> str:
    """Return the secret key in a file that is made at the first start, so that none need be configured."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    if not (key := path.read_text().strip()):
        raise ImproperlyConfigured(
            f"The secret key in {path} is empty. Put back the key that was there: without it nothing that is "
            "stored encrypted can be read. On a machine without data delete the file; a new one is made."
        )
    return key


def fernet_key_from(secret: str) -> str:
    """Return a Fernet key (32 bytes, URL-safe base64) derived from the secret key."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"field-keys:" + secret.encode()).digest()).decode()


# --- Security ---------------------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY", default="") or secret_key_from_file(DATA_DIR / "secret-key")
FIELD_KEYS = env.list("FIELD_KEYS", default=[]) or [fernet_key_from(SECRET_KEY)]
# Erased people are known by a keyed hash of their number: with another key they would be called again.
PSEUDONYM_KEY = env.str("PSEUDONYM_KEY", default="") or SECRET_KEY
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=False)
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],  # and the sockets of the host that was asked: `middleware.ContentPolicy`
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
AUTH_USER_MODEL = "campaigns.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
]
AUTHENTICATION_BACKENDS = [
    "awaaz_project.sign_in.AddressLimit",
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 10
LOGIN_FAILURES_BY_ADDRESS = env.int("LOGIN_FAILURES_BY_ADDRESS", default=50)  # over all names
AXES_CLIENT_IP_CALLABLE = "awaaz_project.sign_in.sender_address"
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "lockedout.html"

# --- Applications -----------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "axes",
    "auditlog",
    "awaaz_project",
    "campaigns",
    "calls",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "awaaz_project.middleware.StaticFiles",
    "awaaz_project.middleware.ContentPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "awaaz_project.middleware.Audit",
    "awaaz_project.middleware.LostRaces",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "awaaz_project.urls"
ASGI_APPLICATION = "awaaz_project.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "calls.context_processors.portal",
            ],
        },
    },
]

# --- Database, channel layer, broker ------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
REDIS_PREFIX = env.str("REDIS_PREFIX", default="awaaz")
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'app.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers queue instead of failing: transactions take the write lock at BEGIN and wait for it.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # While one connection reads for long, the log of the others' writes grows; after that it is cut to
        # 16 MB again. Without a limit it keeps the greatest size it ever had.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        " PRAGMA journal_size_limit=16777216;",
    }
else:
    # A server that went away without a word is noticed within seconds, not after TCP's quarter of an hour.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        {"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 10, "keepalives_interval": 5}
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": REDIS_PREFIX},
        }
    }
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {"global_keyprefix": f"{REDIS_PREFIX}:"}
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CELERY_BROKER_URL = "folder://localhost/"
    for folder in ("queue", "control"):
        (DATA_DIR / "broker" / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(DATA_DIR / "broker" / "queue"),
        "data_folder_out": str(DATA_DIR / "broker" / "queue"),
        "control_folder": str(DATA_DIR / "broker" / "control"),
        "polling_interval": 0.05,  # kombu's default takes one message a second
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "awaaz"
# Queues for what protects people from calls, for what waits for an XFin, and for everything else. A worker
# takes from all of them unless it is told (-Q); `launch` gives the first a worker of its own.
PROTECT_QUEUE, XFIN_QUEUE = "protect", "xfin"
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name)
    for name in (PROTECT_QUEUE, XFIN_QUEUE, CELERY_TASK_DEFAULT_QUEUE)
]
PROTECTING_TASKS = (
    "campaigns.tasks.recheck_messages",
    "campaigns.tasks.withdraw_messages",
    "campaigns.tasks.withdraw_account",
    "campaigns.tasks.stop_campaigns",
)
XFIN_TASKS = (
    "campaigns.tasks.synchronise_account",
    "campaigns.tasks.look_at_account",
    "campaigns.tasks.upload_account",
    "campaigns.tasks.reconcile_account",
    "campaigns.tasks.try_account",
    "campaigns.tasks.pull_account",
    "campaigns.tasks.look_up_overdue",
    "campaigns.tasks.tell_service",
)
CELERY_TASK_ROUTES = {
    **{name: {"queue": PROTECT_QUEUE, "routing_key": PROTECT_QUEUE} for name in PROTECTING_TASKS},
    # Stores what dead processes were told, opt-outs among it.
    "calls.tasks.close_abandoned_calls": {"queue": PROTECT_QUEUE, "routing_key": PROTECT_QUEUE},
    **{name: {"queue": XFIN_QUEUE, "routing_key": XFIN_QUEUE} for name in XFIN_TASKS},
}
CELERY_TASK_ACKS_LATE = False  # a lost task costs one tick; a repeated one would only add work
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "Asia/Kolkata"
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # in memory: every entry is due again within seconds

# --- Pace and time limits --------------------------------------------------------------------------
TICK_SECONDS = env.float("TICK_SECONDS", default=5.0)
UPLOAD_HORIZON_MINUTES = env.int("UPLOAD_HORIZON_MINUTES", default=15)
UPLOADS_AT_ONCE = env.int("UPLOADS_AT_ONCE", default=3)
SETTLE_SECONDS = env.float("SETTLE_SECONDS", default=60.0)
SETTLE_AGAIN_SECONDS = env.float("SETTLE_AGAIN_SECONDS", default=240.0)  # the slowest seen came after 90 s
# Outlives the slowest request: refused token, login, again; each connect 10 s, write 60 s, read 60 s.
CLAIM_SECONDS = env.float("CLAIM_SECONDS", default=420.0)
IMPORT_CLAIM_SECONDS = env.float("IMPORT_CLAIM_SECONDS", default=60.0)
IMPORT_MAX_MB = env.int("IMPORT_MAX_MB", default=512)
TURN_SECONDS = env.float("TURN_SECONDS", default=10.0)
XFIN_READ_TIMEOUT = env.float("XFIN_READ_TIMEOUT", default=60.0)
OUTSIDE_CA_FILE = env.str("OUTSIDE_CA_FILE", default="")
OUTSIDE_HTTP_ON_THIS_MACHINE = env.bool("OUTSIDE_HTTP_ON_THIS_MACHINE", default=False)
TEMPLATE_LOOK_SECONDS = env.float("TEMPLATE_LOOK_SECONDS", default=300.0)
BREAKER_CALLS = env.int("BREAKER_CALLS", default=100)
BREAKER_COMPLAINT_DAYS = env.int("BREAKER_COMPLAINT_DAYS", default=10)
CALLBACKS_A_PERSON = env.int("CALLBACKS_A_PERSON", default=2)
CALLBACK_DAYS = env.int("CALLBACK_DAYS", default=14)
SLOT_HOLD_SECONDS = env.float("SLOT_HOLD_SECONDS", default=300.0)
STATE_BOUND_HOURS = env.float("STATE_BOUND_HOURS", default=24.0)
MAX_CALL_SECONDS = env.int("MAX_CALL_SECONDS", default=600)
CALL_MARGIN_SECONDS = 60  # a call row still open so long after the limit is closed from outside
MAX_PROCESS_CALLS = env.int("MAX_PROCESS_CALLS", default=500)
RESUME_SECONDS = env.float("RESUME_SECONDS", default=5.0)
DRAIN_SECONDS = env.float("DRAIN_SECONDS", default=60.0)
SEND_SECONDS = env.float("SEND_SECONDS", default=5.0)
CALLER_PARAMETERS = env.list("CALLER_PARAMETERS", default=["caller", "caller_number", "from"])
DTMF_IN_BAND = env.bool("DTMF_IN_BAND", default=False)
SPEECH_MIN_MS = env.int("SPEECH_MIN_MS", default=120)
SPEECH_HANGOVER_MS = env.int("SPEECH_HANGOVER_MS", default=400)
SPEECH_START_PROBABILITY = env.float("SPEECH_START_PROBABILITY", default=0.5)
SPEECH_STOP_PROBABILITY = env.float("SPEECH_STOP_PROBABILITY", default=0.35)
_short_words = (pair.partition("=") for pair in env.list("SPEECH_SHORT_WORDS_MS", default=[]))
SPEECH_SHORT_WORDS_MS = {language.strip(): int(ms) for language, _, ms in _short_words}
if not 0 <= SPEECH_STOP_PROBABILITY <= SPEECH_START_PROBABILITY <= 1:
    raise ImproperlyConfigured(
        "SPEECH_STOP_PROBABILITY may not be above SPEECH_START_PROBABILITY; both are 0 to 1."
    )
SPEECH_PROCESSES = env.int("SPEECH_PROCESSES", default=2)  # that speak at once, for each of our processes
SPEECH_AHEAD_SECONDS = env.float("SPEECH_AHEAD_SECONDS", default=20.0)
PIPER_MODEL = env.str("PIPER_MODEL", default="")  # an .onnx file; docs/voices.md
SPEECH_CACHE_MB = env.int("SPEECH_CACHE_MB", default=2048)
PROCESS_SILENT_SECONDS = env.float("PROCESS_SILENT_SECONDS", default=15.0)
JOURNAL_SPOOL_MB = env.float("JOURNAL_SPOOL_MB", default=256.0)
TRUSTED_PROXIES = [ip_network(proxy) for proxy in env.list("TRUSTED_PROXIES", default=[])]
PUBLIC_STREAM_URL = env.str("PUBLIC_STREAM_URL", default="ws://127.0.0.1:8000")
CLOCK_OFFSET = env.float("CLOCK_OFFSET", default=0.0)
CLOCK_FILE = env.str("CLOCK_FILE", default="")

# --- How long data is kept ------------------------------------------------------------------------
RETENTION_DAYS = {clock.name: env.int(clock.setting, default=clock.days) for clock in retention.CLOCKS}
if _wrong := retention.too_short(RETENTION_DAYS):
    raise ImproperlyConfigured(" ".join(_wrong))


def tick(task: str, every: float = TICK_SECONDS) -> dict[str, object]:
    """Return a beat entry: `task` every so many seconds.

    A task not taken before the next is due expires, unless it protects people.
    """
    expires = {} if task in PROTECTING_TASKS else {"expires": max(every, 1.0)}
    return {"task": task, "schedule": every, "options": expires}


CELERY_BEAT_SCHEDULE = {
    "synchronise templates": tick("campaigns.tasks.synchronise_templates"),
    "look at templates": tick("campaigns.tasks.look_at_templates", every=TEMPLATE_LOOK_SECONDS),
    "read imports": tick("campaigns.tasks.find_imports"),
    "preflights": tick("campaigns.tasks.find_preflights"),
    "draw programmes": tick("campaigns.tasks.draw_programmes", every=60.0),
    "plan": tick("campaigns.tasks.plan_campaigns"),
    "upload": tick("campaigns.tasks.upload_messages"),
    "reconcile": tick("campaigns.tasks.reconcile_batches"),
    "try broken accounts": tick("campaigns.tasks.try_broken_accounts"),
    "recheck": tick("campaigns.tasks.recheck_messages"),
    "withdraw": tick("campaigns.tasks.withdraw_messages"),
    "stop": tick("campaigns.tasks.stop_campaigns"),
    "pull states": tick("campaigns.tasks.pull_states"),
    "free slots": tick("campaigns.tasks.free_slots"),
    "tell services": tick("campaigns.tasks.tell_services"),
    "finish": tick("campaigns.tasks.finish_campaigns"),
    "replays": tick("calls.tasks.find_replays"),
    "prepare speech": tick("calls.tasks.prepare_speech"),
    "purge": tick("calls.tasks.purge", every=300.0),
    "erase": tick("calls.tasks.erase_people"),
    "close abandoned calls": tick("calls.tasks.close_abandoned_calls"),
}

# --- API ------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "campaigns.api.tokens.HashedTokens",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["campaigns.permissions.ByAddress"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "campaigns.api.base.answer_error",
    "DEFAULT_PAGINATION_CLASS": "campaigns.api.pages.Pages",
}
SPECTACULAR_SETTINGS = {
    "ENUM_NAME_OVERRIDES": {"CampaignStateEnum": "campaigns.models.campaigns.CampaignState"},
    "TITLE": "Awaaz Campaigns",
    "DESCRIPTION": "Templates, numbers, campaigns and calls.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
UNFOLD = {
    "SITE_TITLE": "Awaaz Campaigns",
    "SITE_HEADER": "Awaaz Campaigns",
    "SITE_URL": "/",
    "SITE_SYMBOL": "graphic_eq",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("mark.svg")},
    ],
    "COLORS": {  # the portal's accent (static/portal.css), from light to dark
        "primary": {
            "50": "#f4f5fd",
            "100": "#eceefb",
            "200": "#d9dcf7",
            "300": "#b9bdf2",
            "400": "#9aa0f5",
            "500": "#6a70d4",
            "600": "#3a3fa8",
            "700": "#33388f",
            "800": "#2c3078",
            "900": "#262a4a",
            "950": "#1a1d38",
        }
    },
}

# --- Language, time, files ------------------------------------------------------------------------
LANGUAGE_CODE = "en-in"
TIME_ZONE = "Asia/Kolkata"  # what people see; storage is UTC
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns of a missing one; without collectstatic it stays empty
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = private_folder(DATA_DIR / "media")
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o640, 0o750
LINES_HELD = "calls.queries.lines_held_by_callers"  # campaigns asks it before it plans
AGENT_INSPECTOR = "calls.agent_inspection.AgentInspection"  # campaigns asks it what an agent needs
SPEECH_AHEAD = "calls.media.prewarm.Ahead"  # campaigns has the words spoken before it hands people over
# Several machines share it (docs/settings.md).
SPEECH_CACHE = private_folder(Path(env.str("SPEECH_CACHE", default=str(DATA_DIR / "speech"))))
RECORDING_DIR = private_folder(DATA_DIR / "recording")  # recordings grow here and are moved into MEDIA_ROOT
SPOOL_DIR = private_folder(DATA_DIR / "spool")  # events of calls on their way to the database
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024  # what is no file: forms and JSON of people signed in

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"}},
    "filters": {"mask": {"()": "awaaz_project.logs.MaskSecrets"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["mask"]},
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # httpx logs whole URLs, and a filter in a URL may hold a phone number.
        "httpx": {"level": "WARNING"},
        # uvicorn has its own handlers, and logs the path of every WebSocket.
        "uvicorn.error": {"filters": ["mask"]},
        "uvicorn.access": {"filters": ["mask"]},
        "axes": {"level": "WARNING"},
    },
}
