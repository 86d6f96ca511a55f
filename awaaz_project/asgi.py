"""The ASGI application: Django for HTTP, Channels for WebSockets. Served by Daphne, or by uvicorn."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
django_application = get_asgi_application()

from calls.routing import websocket_urlpatterns  # noqa: E402 - models may be imported only after set-up

application = ProtocolTypeRouter({"http": django_application, "websocket": URLRouter(websocket_urlpatterns)})
