"""The Celery application. A task starts a search: what is due is found in the database, not in a queue."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

TRANSPORT_ALIASES["folder"] = "awaaz_project.broker:Transport"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")

app = Celery("awaaz")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["awaaz_project"], related_name="startup")  # what a worker checks before it starts
