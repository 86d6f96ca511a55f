"""An organisation's own words in texts, before a voice gets them."""

import timeit
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.agents.lexicon import Entry, Lexicon, apply, tidy

EMI = Entry("EMI", "ee em aai")
OURS = (
    EMI,
    Entry("EMI", "ई एम आई", "hi"),
    Entry("EMI plan", "ee em aai scheme"),
    Entry("नवजीवन", "नव जीवन", "hi"),
    Entry("राम", "राम जी", "hi"),
    Entry("A/C", "account"),
    Entry("Rs.", "rupees"),
    Entry("+", "plus"),
    Entry("क", "का", "hi"),
    Entry("த", "தா", "ta"),
    Entry("ଛଅ", "ଛ ଅ", "or"),
)


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("Your EMI is due", "en", "Your ee em aai is due"),
        ("Your EMI is due", "en-IN", "Your ee em aai is due"),
        ("EMI", "en", "ee em aai"),
        ("EMI, EMI. (EMI) EMI-based “EMI” EMI's", "gu", "{0}, {0}. ({0}) {0}-based “{0}” {0}'s"),
        ("आपकी EMI देय है", "hi", "आपकी ई एम आई देय है"),  # the language's before the one of all
        ("आपकी EMI देय है", "hi_IN", "आपकी ई एम आई देय है"),
        ("the EMI plan", "en", "the ee em aai scheme"),  # the longest
        ("the EMI\n plan", "en", "the ee em aai scheme"),
        ("the EMI planning", "en", "the ee em aai planning"),  # or else the shorter
        ("Emi emi eMI", "en", "Emi emi eMI"),  # capital letters count
        ("EMIs PEMI xEMIx EMI2 3EMI EMI_ EMIé", "en", "EMIs PEMI xEMIx EMI2 3EMI EMI_ EMIé"),
        ("EMI\u0301 EMI\u200d", "en", "EMI\u0301 EMI\u200d"),  # a mark or a joiner behind
        ("EMIः", "hi", "EMIः"),
        ("नवजीवन फ़ाइनेंस", "hi", "नव जीवन फ़ाइनेंस"),
        ("नवजीवनी अनवजीवन नवजीवन्", "hi", "नवजीवनी अनवजीवन नवजीवन्"),  # vowel sign, letter, virama
        ("राम रामा राम् रामं रामः राम़ आराम", "hi", "राम जी रामा राम् रामं रामः राम़ आराम"),
        ("राम।", "hi", "राम जी।"),
        ("राम", "mr", "राम"),  # of another language
        ("क की क्षमा एक क", "hi", "का की क्षमा एक का"),
        ("த தி த்", "ta", "தா தி த்"),
        ("ଛଅ ଛଅଟା", "or", "ଛ ଅ ଛଅଟା"),
        ("A/C 12, MA/C, A/Cs", "en", "account 12, MA/C, A/Cs"),
        ("Rs.500 and Mrs. Rs.", "en", "rupees500 and Mrs. rupees"),
        ("1+1", "en", "1plus1"),
        ("", "en", ""),
    ],
)
def test_whole_words_only_in_every_script(text: str, language: str, said: str) -> None:
    assert apply(text, OURS, language) == said.format("ee em aai")


def test_what_was_put_in_is_not_looked_at_again() -> None:
    turned = (Entry("A", "B"), Entry("B", "A"), Entry("C", "C C"))
    assert apply("A B C", turned, "en") == "B A C C"


def test_either_normal_form_is_found() -> None:
    apart, one = "ফ়ি কুড\u09bcি", "ফ়ি কু\u09dcি"
    assert apply(apart, (Entry(one, "x"),), "bn") == "x"
    assert apply(one, (Entry(apart, "x"),), "bn") == "x"
    cafe = unicodedata.normalize("NFD", "Café")
    assert apply(cafe, (Entry("Café", "kaffay"),), "en") == "kaffay"
    assert apply(cafe, (Entry("Tea", "tee"),), "en") == cafe  # what has none stays as it is


def test_an_entry_that_is_empty_or_of_no_language_changes_nothing() -> None:
    assert apply("text", (Entry("  ", "x"), Entry("text", "x", "ta")), "en") == "text"
    assert apply("text", (), "") == "text"


def test_a_thousand_entries_cost_a_text_little_more_than_ten() -> None:
    text = "नमस्ते आशा जी। आपकी EMI एक लाख पच्चीस हज़ार रुपये की है, EMI की तारीख़ 28 नवंबर।" * 3
    letters = [f"{a}{b}{c}" for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJ" for c in "ABCDEFGHIJ"]

    def seconds(count: int) -> float:
        lexicon = Lexicon([EMI, *(Entry(each, "x") for each in letters[: count - 1])])
        return min(timeit.repeat(lambda: lexicon.spoken(text, "hi"), number=20, repeat=7))

    assert seconds(1000) < 5 * seconds(10)


def test_another_language_gets_the_entries_of_every_language() -> None:
    lexicon = Lexicon(OURS)
    assert lexicon.spoken("EMI राम", "ne") == "ee em aai राम"
    assert lexicon.entries == OURS


WORDS = st.text("ab EMIकिम्त+.\u200d", min_size=1, max_size=12)


@given(
    st.text(max_size=60) | WORDS, st.lists(st.tuples(WORDS, WORDS), max_size=6), st.sampled_from(["en", "hi"])
)
def test_any_text_and_any_entries_give_a_text(text: str, words: list[tuple[str, str]], language: str) -> None:
    entries = tuple(Entry(*pair) for pair in words)
    said = apply(text, entries, language)
    if not any(tidy(entry.written) in tidy(text) for entry in entries):
        assert said == text


@given(st.text("पाकिस्तानEMI ं", max_size=30))
def test_a_word_inside_a_word_is_never_touched(text: str) -> None:
    plain = unicodedata.normalize("NFC", text)
    said = apply(text, (Entry("पा", "Q", "hi"), Entry("EMI", "Q")), "hi")
    wanted = ["Q" if word in ("पा", "EMI") else word for word in plain.split(" ")]
    assert said in (text, " ".join(wanted))
    assert said.count("Q") == wanted.count("Q")
