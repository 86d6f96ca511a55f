"""Ask a service outside while the call goes on."""

from uuid import uuid4

from calls.agents.requests import Failed, Fetch, Fetched
from calls.identification import Asker
from calls.media.database_threads import lookups
from campaigns.outside import client, registry, replies
from campaigns.outside.errors import NoAnswer


async def fetch(request: Fetch, asker: Asker) -> Fetched | Failed:
    """Return what a service outside answered; `Failed` if it could not be asked or gave no usable answer."""
    content = {"event": "fetch", "call": str(asker.call_id), "values": request.values}
    try:
        service = await lookups.run(lambda: registry.known(request.service))
        body = await client.post(service, content, key=uuid4())
        return Fetched(replies.values_of(body, service.returns))
    except NoAnswer as error:
        return Failed(error.reason)
