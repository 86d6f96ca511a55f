"""No address makes our server ask our own network, or another machine than the one that is allowed."""

import csv
from ipaddress import ip_address
from pathlib import Path

import pytest

from campaigns.outside.addresses import Destination, check_address, destination
from campaigns.outside.errors import NoAnswer

TABLE = Path(__file__).resolve().parents[2] / "data" / "outside" / "addresses.csv"
ATTACKS = [row[:2] for row in csv.reader(TABLE.read_text(encoding="utf-8").splitlines())][1:]
REASONS = {
    "plain": "must be a plain one",
    "host": "has no host",
    "https": "Only https",
    "own network": "leads into our own network",
    "nothing is sent": "to which nothing is sent",
}
PUBLIC = ip_address("93.184.216.34")


def ask(url: str, **allowed: bool) -> None:
    """What is checked before a request goes to a URL; a name leads to a public address."""
    where = destination(url)
    given = {"own_network": False, "plain_allowed": False} | allowed
    check_address(where.address or PUBLIC, where, **given)


@pytest.mark.parametrize(("url", "because"), ATTACKS)
def test_an_address_that_leads_elsewhere_is_refused_with_a_sentence(url: str, because: str) -> None:
    with pytest.raises(NoAnswer) as refused:
        ask(url)
    assert any(REASONS[reason] in refused.value.reason for reason in because.split("|"))


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://api.example.in", ("https", "api.example.in", 443, "/")),
        ("https://API.Example.IN:8443/a/b?c=d&e=%20f", ("https", "api.example.in", 8443, "/a/b?c=d&e=%20f")),
        ("https://xn--11b4d3a.xn--h2brj9c/", ("https", "xn--11b4d3a.xn--h2brj9c", 443, "/")),
        ("https://93.184.216.34/", ("https", "93.184.216.34", 443, "/")),
        ("https://[2606:2800:220:1:0:0:0:1]/", ("https", "[2606:2800:220:1::1]", 443, "/")),
    ],
)
def test_a_plain_address_is_taken(url: str, parts: tuple[str, str, int, str]) -> None:
    ask(url)
    assert destination(url) == Destination(*parts)


def test_the_host_header_names_a_port_that_is_not_the_usual_one() -> None:
    assert destination("https://api.example.in:443/").authority == "api.example.in"
    assert destination("https://api.example.in:8443/").authority == "api.example.in:8443"


def test_our_own_network_may_be_allowed_and_metadata_never() -> None:
    ask("https://10.0.0.1/", own_network=True)
    ask("https://[fd12::1]/", own_network=True)
    for url in ("https://169.254.169.254/", "https://[fd00:ec2::254]/", "https://0.0.0.0/"):
        with pytest.raises(NoAnswer, match="nothing is sent"):
            ask(url, own_network=True, plain_allowed=True)


def test_http_goes_to_this_machine_alone_and_only_where_it_is_allowed() -> None:
    ask("http://127.0.0.1:9000/", own_network=True, plain_allowed=True)
    for url, allowed in (
        ("http://127.0.0.1:9000/", {"own_network": True}),
        ("http://10.0.0.1/", {"own_network": True, "plain_allowed": True}),
        ("http://93.184.216.34/", {"plain_allowed": True}),
    ):
        with pytest.raises(NoAnswer, match="Only https"):
            ask(url, **allowed)
