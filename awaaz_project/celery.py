"""The Celery application. Tasks are nudges: what is due is found in the database, never in a queue."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

TRANSPORT_ALIASES["folder"] = "awaaz_project.broker:Transport"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")

app = Celery("awaaz")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
