"""Prompts as lengths of time."""

from calls.audio.pcm import silence
from calls.conversation.playout import PromptResult
from calls.simulated.virtual_playout import VirtualPlayout


def queued(*lengths: int) -> VirtualPlayout:
    playout = VirtualPlayout()
    for number, ms in enumerate(lengths):
        key = playout.add(f"p{number}")
        playout.set_length(key, ms)
        assert playout.fill(key, b"")
    playout.settle(0.0)
    return playout


def over(playout: VirtualPlayout) -> list[tuple[str, PromptResult, int]]:
    return [(done.name, done.result, done.heard_ms) for done in playout.take_finished()]


def test_prompts_are_heard_one_after_the_other() -> None:
    playout = queued(1000, 500)
    assert (playout.playing(0.0), playout.next_end()) == ("p0", 1.0)
    playout.settle(1.2)
    assert (playout.playing(1.2), playout.next_end()) == ("p1", 1.5)
    playout.settle(9.0)
    assert over(playout) == [("p0", PromptResult.FINISHED, 1000), ("p1", PromptResult.FINISHED, 500)]
    assert playout.idle
    assert playout.next_end() is None


def test_a_cut_drops_what_is_not_heard() -> None:
    playout = queued(1000, 500)
    playout.settle(0.3)
    assert playout.clear(0.3) is False
    assert over(playout) == [("p0", PromptResult.CLEARED, 300), ("p1", PromptResult.CLEARED, 0)]


def test_the_end_of_the_call_drops_what_is_not_heard() -> None:
    playout = queued(1000)
    playout.lose(0.4)
    assert over(playout) == [("p0", PromptResult.LOST, 400)]


def test_a_prompt_without_a_length_holds_up_those_behind_it_until_it_is_given_up() -> None:
    playout = VirtualPlayout()
    key = playout.add("p0")
    playout.add("p1", silence(100))
    playout.settle(5.0)
    assert (playout.playing(5.0), playout.unheard(5.0), playout.name_of(key)) == (None, key, "p0")
    assert (playout.fail(key), playout.fail(key), playout.name_of(key)) == ("p0", None, "")
    assert not playout.fill(key, b"")
    playout.settle(5.0)
    assert playout.playing(5.0) == "p1"
    assert [begun.at for begun in playout.begun] == [5.0]
