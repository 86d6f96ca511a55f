"""Wiring only: settings, URLs, ASGI, Celery, and the commands that start everything."""

from awaaz_project.celery import app as celery_app

__all__ = ["celery_app"]
