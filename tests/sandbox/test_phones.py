import pytest

from sandbox import phones


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("+919876543210", "+919876543210"),
        ("919876543210", "+919876543210"),
        ("09876543210", "+919876543210"),
        ("98765 43210", "+919876543210"),
        ("(98765)-43210", "+919876543210"),
        (8929292929, "+918929292929"),
        ("+442071838750", "+442071838750"),
        ("12", None),
        ("", None),
        (None, None),
        (True, None),
        ("9.87654E+09", None),
        ("٩٨٧٦٥٤٣٢١٠", None),
        ("9" * 5000, None),
    ],
)
def test_canonical(given: object, number: str | None) -> None:
    assert phones.canonical(given) == number


def test_masked_keeps_the_last_four() -> None:
    assert phones.masked("+919876543210") == "+91••••••3210"
    assert phones.masked("12345") == "••••"
