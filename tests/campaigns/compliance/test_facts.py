"""The pseudonym of a number in scrub results, as rows of earlier versions hold it."""

from pytest_django import Settings

from campaigns.compliance.facts import phone_hash


def test_a_number_gets_the_hash_that_stored_scrub_results_have(settings: Settings) -> None:
    """The salt is part of the data: with another one no stored result would be found again."""
    settings.SECRET_KEY = "a key of tests"
    assert phone_hash("+919876543210") == "3ceff03beb5058270f8dd814c8c6145fc045ebc1eb5a1daf5ee3e1a36ac9e768"
