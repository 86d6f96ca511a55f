"""The ASGI application: Django for HTTP, Channels for WebSockets. Served by Daphne, or by uvicorn."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

from awaaz_project.logs import mask_daphnes_access_log

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
mask_daphnes_access_log()
django_application = get_asgi_application()

# Models may be imported only after the set-up above.
from awaaz_project.body_limits import ANYBODY, BodyLimit, most_bytes_of  # noqa: E402
from awaaz_project.startup import refuse_to_start, settle  # noqa: E402
from calls.events.journal import journal  # noqa: E402
from calls.media.graceful_shutdown import install_when_running, lifespan  # noqa: E402
from calls.media.servers.daphne_bodies import limit_bodies  # noqa: E402
from calls.routing import websocket_urlpatterns  # noqa: E402

refuse_to_start()
limit_bodies(most_bytes_of, unasked=ANYBODY)
install_when_running()
journal.look_for_orphans()
application = ProtocolTypeRouter(
    {
        "http": BodyLimit(django_application),
        "websocket": URLRouter(websocket_urlpatterns),
        "lifespan": lifespan,
    }
)
settle()
