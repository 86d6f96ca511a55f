"""PURE: what a campaign asks of a dialogue before it calls."""

import contextlib
from collections.abc import Iterator, Mapping

from calls.agents import verbalize
from calls.agents.dialogue import conditions, graph, validation, wording
from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Document
from campaigns.rules.results import WANTS_PERSON
from campaigns.spreadsheets.written import Kind


class DialogueConfiguration(Document, frozen=True):
    """A dialogue as the configuration of an agent."""

    def problems(self) -> list[str]:
        """Return what is wrong with it, in sentences; empty if calls can be held with it."""
        return [problem.sentence for problem in validation.problems(self)]

    def clips(self) -> tuple[str, ...]:
        """Return the names of the recorded clips of all languages."""
        prompts = (p for words in self.words.values() for _, _, p in wording.all_prompts(words))
        return tuple(dict.fromkeys(clip for prompt in prompts for clip in wording.clips(prompt)))

    def text_languages(self) -> tuple[str, ...]:
        """Return the languages of the words."""
        return tuple(self.words)

    def declared_variables(self) -> tuple[str, ...]:
        """Return the names of the values that people must have."""
        return tuple(self.values)

    def outcomes(self) -> tuple[str, ...]:
        """Return the outcomes that may be reached, in the order of the steps."""
        found = list[str]()
        for _, step in self.all_steps():
            if isinstance(step, doc.Menu):
                found += [choice.outcome for choice in step.choices.values()]
            elif isinstance(step, doc.Set):
                found.append(step.outcome)
            elif isinstance(step, doc.WantPerson):
                found.append(WANTS_PERSON)
        return tuple(outcome for outcome in dict.fromkeys(found) if outcome)

    def questions(self) -> tuple[str, ...]:
        """Return the questions whose answers are stored, in the order of the steps."""
        asked = ((key, step) for key, step in self.all_steps() if isinstance(step, doc.Ask | doc.Digits))
        return tuple(dict.fromkeys(step.question or key for key, step in asked))

    def variable_kinds(self) -> Mapping[str, str]:
        """Return `values`."""
        return self.values

    def heard(self, language: str) -> str:
        """Return the language of the words that a person of `language` hears."""
        return wording.chosen_words(self, language)[0]

    def may_hear(self, language: str) -> tuple[str, ...]:
        """Return `heard`, and the languages that may be chosen in the call."""
        choices = (step for _, step in self.all_steps() if isinstance(step, doc.ChooseLanguage))
        offered = (self.heard(chosen) for step in choices for chosen in step.languages.values())
        return tuple(dict.fromkeys([self.heard(language), *offered]))

    def texts(self, variables: Mapping[str, str], *, language: str) -> tuple[str, ...]:
        """Return the words that need no other values than these, of the steps that these values can lead to.

        What is pressed or set in the call is not known. The texts that stand for clips are left out: the
        check sees to the clips.
        """
        own, words, found = self.own_values(), wording.Wording(self, language), list[str]()
        words.know({name: value for name, value in variables.items() if name not in own})
        closed = {
            step_id: exits
            for step_id, step in self.all_steps()
            if isinstance(step, doc.Branch) and (exits := conditions.closed_exits(step, words, own=own))
        }
        unreached = graph.cut_off(self, closed) if closed else frozenset[str]()
        for step_id, piece in self._spoken_pieces(language):
            if step_id not in unreached:
                with contextlib.suppress(wording.MissingValueError):
                    found.append(words.text(piece))
        return tuple(dict.fromkeys(found))

    def written(self, *, language: str) -> tuple[str, ...]:
        """Return the texts of a language as they are written."""
        return tuple(dict.fromkeys(piece for _, piece in self._spoken_pieces(language)))

    def _spoken_pieces(self, language: str) -> Iterator[tuple[str, str]]:
        """Yield step id and text of everything that a voice says in a language."""
        for step_id, _, prompt in wording.all_prompts(wording.chosen_words(self, language)[1]):
            for piece in [prompt] if isinstance(prompt, str) else prompt:
                if isinstance(piece, str) and piece.strip():
                    yield step_id, piece

    def missing(self, variables: Mapping[str, str], *, language: str) -> tuple[str, ...]:
        """Return the values that the words need from the person and that are absent or not of their kind."""
        found = []
        for name in wording.table(self, language).needed:
            value, kind = variables.get(name, ""), self.values.get(name, Kind.TEXT)
            if not value.strip() or not verbalize.readable(value, kind):
                found.append(name)
        return tuple(found)
