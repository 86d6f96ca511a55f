"""What was heard of a question: known when its prompts are over, told once it was answered."""

from calls.agents.base import PromptEnded, QuestionHeard
from calls.agents.dialogue.heard import Askings


def ended(heard_ms: int, total_ms: int = 1000) -> PromptEnded:
    return PromptEnded("Question", heard_ms == total_ms, heard_ms, total_ms)


def test_an_answer_before_the_end_waits_for_the_prompts_that_it_cuts() -> None:
    askings = Askings()
    askings.asked("q", 2)
    assert askings.answered("q", "rate") == []
    assert askings.over("q", ended(400)) == []
    assert askings.over("q", ended(0, 500)) == [QuestionHeard("rate", 400, 1500, False)]
    assert askings.over("q", ended(0)) == []


def test_an_answer_after_the_end_has_it_at_once() -> None:
    askings = Askings()
    askings.asked("q", 1)
    assert askings.over("q", ended(1000)) == []
    assert askings.answered("q", "rate") == [QuestionHeard("rate", 1000, 1000, True)]


def test_of_several_times_the_one_heard_furthest_counts() -> None:
    askings = Askings()
    for heard_ms in (200, 1000, 300):
        askings.asked("q", 1)
        askings.over("q", ended(heard_ms))
    assert askings.answered("q", "q") == [QuestionHeard("q", 1000, 1000, True)]


def test_a_question_that_leads_back_to_itself_is_told_for_each_answer() -> None:
    askings = Askings()
    askings.asked("q", 1)
    assert askings.answered("q", "q") == []
    askings.asked("q", 1)  # before the prompt that the key cut is over
    assert askings.over("q", ended(100)) == [QuestionHeard("q", 100, 1000, False)]
    assert askings.answered("q", "q") == []
    assert askings.over("q", ended(700)) == [QuestionHeard("q", 700, 1000, False)]


def test_a_question_without_words_is_not_told() -> None:
    askings = Askings()
    askings.asked("q", 0)
    assert askings.answered("q", "q") == []
    assert askings.over("other", ended(10)) == []
