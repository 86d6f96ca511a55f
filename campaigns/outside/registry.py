"""The services outside as they are entered, each with the parts of its address and whether it is allowed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from campaigns.models import AllowedHost, OutsideService
from campaigns.outside.addresses import Destination, destination
from campaigns.outside.errors import NoAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One service, read once: what a request to it is made with."""

    name: str
    where: Destination
    own_network: bool
    key_id: str
    secret: str = field(repr=False)
    timeout_s: float
    sends: tuple[str, ...] = ()
    returns: Mapping[str, str] = field(default_factory=dict)


def known(name: str) -> Known:
    """Return a service by its name. Raises `NoAnswer` if it may not be asked. Two queries."""
    service = OutsideService.objects.filter(name=name).first()
    if service is None:
        raise NoAnswer(f"No service outside is called “{name[:60]}”.")
    return usable(service)


def usable(service: OutsideService) -> Known:
    """Return what a request is made with. Raises `NoAnswer` if the service may not be asked. One query."""
    if not service.active:
        raise NoAnswer(f"The service “{service.name}” is switched off.")
    where, host = allowed(service.url)
    return Known(
        name=service.name,
        where=where,
        own_network=host.own_network,
        key_id=service.key_id,
        secret=service.secret,
        timeout_s=service.timeout_seconds,
        sends=tuple(service.sends),
        returns=service.returns,
    )


def allowed(url: str) -> tuple[Destination, AllowedHost]:
    """Return the parts of an address, and the entry that allows it. Raises `NoAnswer` if there is none."""
    where = destination(url)
    host = AllowedHost.objects.filter(host=where.host, port=where.port).first()
    if host is None:
        raise NoAnswer(f"“{where.host}:{where.port}” is not among the allowed hosts.")
    return where, host
