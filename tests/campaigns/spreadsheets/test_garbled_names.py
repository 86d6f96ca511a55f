"""Names that no voice can read are told from names in Latin letters."""

import pytest

from campaigns.spreadsheets.garbled_names import garbled

NAMES = ["सीता पटेल", "गीता शर्मा", "अनिल यादव", "रमेश जोशी", "कविता गुप्ता"]
KRUTI_DEV = ["jes'k iVsy", "vk'kk 'kekZ", "lquhrk tks'kh", "fodkl ;kno", "dfork xqIrk", "txnh'k panz"]


def test_kruti_dev_is_known() -> None:
    assert "for a font such as Kruti Dev (“jes'k iVsy”)" in garbled(KRUTI_DEV)


def test_iscii_is_known() -> None:
    # Bytes of ISCII-91, read as ISO-8859-1.
    written = [bytes(ord(c) - 0x900 + 0xA0 for c in name if c != " ").decode("latin-1") for name in NAMES]
    assert "in ISCII" in garbled(written)


@pytest.mark.parametrize(
    "names",
    [
        NAMES,
        ["Asha", "Ram", "Sita", "Om", "Mr. Krishnan", "D'Souza", "McDonald", "Smt. Sinh"],
        ["Krshn", "Strth", "Vyn", "Ptl", "Jshi"],
        ["José Conceição", "Renée D'Souza", "Zoë", "Inês"],
        ["ASHA PATEL", "RAMESH KR. SINGH", "S. P. SHARMA", "K. N. RAO", "J'ESH"],
        ["jes'k iVsy"],
        [],
    ],
)
def test_names_that_can_be_read_are_left_alone(names: list[str]) -> None:
    assert garbled(names) == ""
