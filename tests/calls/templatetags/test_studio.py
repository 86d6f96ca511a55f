"""The filters of the studio's templates."""

from calls.templatetags.studio import slug_id, spoken_name


def test_names_of_fields_are_ids_and_names_of_values_are_words() -> None:
    assert slug_id("words.hi.ask") == "words-hi-ask"
    assert spoken_name("due_date") == "Due date"
