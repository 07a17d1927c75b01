"""The services of questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.profiles.sampling_store import ProfileSample
from server.questions.answering import Answering
from server.questions.authoring import Authoring
from server.questions.explaining import Explaining
from server.questions.porting import Porting
from server.questions.results import Results
from server.questions.service import Questions
from server.questions.simulating import Simulating

if TYPE_CHECKING:
    from server.questions.service import Running
    from server.services.ground import Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionServices:
    """Asking, answering, and what admins do with sets."""

    questions: Questions
    answering: Answering
    authoring: Authoring
    explaining: Explaining
    simulating: Simulating
    porting: Porting
    results: Results


def build_questions(ground: Ground, running: Running) -> QuestionServices:
    """Return them."""
    profiles, store, clock = ground.profiles, ground.stores.questions, ground.clock
    questions = Questions(
        profiles=profiles,
        store=store,
        clock=clock,
        secret=ground.settings.secret,
        running=running,
        instruments=ground.instruments,
    )
    authoring = Authoring(profiles=profiles, questions=questions, store=store, clock=clock)
    sample = ProfileSample(ground.database)
    return QuestionServices(
        questions=questions,
        answering=Answering(profiles=profiles, questions=questions, store=store, clock=clock),
        authoring=authoring,
        explaining=Explaining(profiles=profiles, questions=questions),
        simulating=Simulating(
            profiles=profiles, questions=questions, store=store, sample=sample, clock=clock
        ),
        porting=Porting(profiles=profiles, attributes=ground.attributes, authoring=authoring, store=store),
        results=Results(profiles=profiles, store=store, log=ground.stores.answers),
    )
