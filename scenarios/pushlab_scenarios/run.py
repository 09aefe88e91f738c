"""Plays a scenario on a stage, step by step, and says what held and what did not.

An expectation changes nothing, so a failed one does not end the story; what cannot be done does,
and so does an answer without what later steps are about.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pushlab.errors import MisuseError, PushlabError, ScenarioError
from pushlab_scenarios.cast import fill
from pushlab_scenarios.matching import find_mismatches
from pushlab_scenarios.nodes import render_value
from pushlab_scenarios.stage import LabStage, Unanswered
from pushlab_scenarios.steps import (
    AdvanceStep,
    DeviceStep,
    EndFaultStep,
    ExpectDevice,
    ExpectStatistics,
    ExpectWhy,
    FaultStep,
    ReleaseStep,
    RequestStep,
    VerbStep,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pushlab_scenarios.document import Scenario
    from pushlab_scenarios.matching import Mismatch
    from pushlab_scenarios.nodes import Node, Place, Scalar
    from pushlab_scenarios.stage import Stage
    from pushlab_scenarios.steps import Step

__all__ = ["Failure", "Outcome", "Play", "Played", "run"]

MESSAGES_EXPLAINED: Final = 3
"""For how many of the latest messages a failure says why."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that does not hold: what, where in the file, and why."""

    place: Place
    what: str
    """Expected and found, in a line."""
    there: str
    """All of what was looked at, in a line."""
    why: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say all of it, in lines."""
        return "\n".join([f"{self.place}: {self.what}", f"  there is: {self.there}", *self.notes()])

    def notes(self) -> list[str]:
        """Return the reasons, in lines."""
        return [f"  {line}" for line in self.why]


@dataclass(frozen=True, slots=True)
class Played:
    """One step that was played."""

    number: int
    """From 1."""
    step: Step
    answer: str = ""
    """What the service said to a request."""
    held: int = 0
    """How many expectations held."""
    failures: tuple[Failure, ...] = ()
    is_end: bool = False
    """Whether the story ends here, since later steps are about what is missing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scenario ended."""

    scenario: Scenario
    seed: int
    digest: str
    played: tuple[Played, ...]

    @property
    def failures(self) -> list[Failure]:
        """The expectations that do not hold."""
        return [failure for each in self.played for failure in each.failures]

    @property
    def unplayed(self) -> int:
        """How many steps were not reached."""
        return len(self.scenario.steps) - len(self.played)

    @property
    def held(self) -> int:
        """How many expectations hold."""
        return sum(each.held for each in self.played)

    def check(self) -> None:
        """Raise AssertionError when an expectation does not hold."""
        __tracebackhide__ = True
        if self.failures:
            raise AssertionError("\n".join(map(str, self.failures)))


class _Saved(dict[str, str]):
    """What answers held, by name."""

    def __missing__(self, name: str) -> str:
        raise MisuseError(
            f"{name!r} has no value yet, since the request that saves it is held; "
            "release its hold before"
        )


@dataclass
class Play:
    """A scenario on a stage; `steps` plays it, after which the outcome can be read."""

    scenario: Scenario
    stage: Stage
    seed: int
    played: list[Played] = field(default_factory=list)
    _saved: _Saved = field(default_factory=_Saved)
    _held: list[tuple[RequestStep, Unanswered]] = field(default_factory=list)
    """Requests without an answer yet."""

    def steps(self) -> Iterator[Played]:
        """Play the steps and yield each when it is over.

        Raises ScenarioError, with its place, at a step that cannot be done.
        """
        app = self.scenario.app
        self._saved.update({"app_id": app.id, "app_key": app.key})
        try:
            self.stage.begin(self.scenario, self.seed)
        except PushlabError as error:
            raise _misfit(self.scenario.place, error) from error
        for number, step in enumerate(self.scenario.steps, 1):
            try:
                played = self._play(number, step)
            except ScenarioError:
                raise
            except PushlabError as error:
                raise _misfit(step.place, error) from error
            self.played.append(played)
            yield played
            if played.is_end:
                return

    def outcome(self) -> Outcome:
        """Return how it ended, or stands."""
        return Outcome(self.scenario, self.seed, self.stage.digest, tuple(self.played))

    # -- steps ---------------------------------------------------------------------------------

    def _play(self, number: int, step: Step) -> Played:
        match step:
            case DeviceStep():
                self.stage.make_device(step.name, step.platform, step.options)
            case VerbStep():
                about = None if step.message is None else self._saved[step.message]
                self.stage.act(step.device, step.verb, step.arguments, about)
            case AdvanceStep():
                self.stage.advance(step.duration_ms, step.until)
            case RequestStep():
                return self._request(number, step)
            case FaultStep():
                self.stage.plan_fault(step.where, step.options)
            case ReleaseStep() | EndFaultStep():
                return self._release(number, step)
            case ExpectDevice():
                return self._expect_device(number, step)
            case ExpectStatistics():
                return self._expect_statistics(number, step)
            case ExpectWhy():
                return self._expect_why(number, step)
        return Played(number, step)

    def _fill(self, node: Scalar) -> str:
        return fill(node, self._saved)

    def _request(self, number: int, step: RequestStep) -> Played:
        headers = {"authorization": f"Key {self.scenario.app.key}"}
        headers |= {name.lower(): self._fill(value) for name, value in step.headers.items()}
        body = None if step.body is None else step.body.plain(self._fill)
        asked = self.stage.request(step.method, self._fill(step.path), headers, body)
        if isinstance(asked, Unanswered):
            return self._leave_unanswered(number, step, asked)
        if step.outcome is not None:
            what = f"the request is answered, expected {step.describe_answer()}"
            shown = f"{asked[0]} {render_value(asked[1])}"
            return Played(number, step, shown, failures=(Failure(step.place, what, shown),))
        return self._judge_answer(number, step, *asked)

    def _leave_unanswered(self, number: int, step: RequestStep, asked: Unanswered) -> Played:
        """Say whether it was expected that a request has no answer, or none yet."""
        outcome = "cut" if asked.hold is None else "held"
        shown = "cut off" if asked.hold is None else f"held by {asked.hold}"
        if asked.hold is not None:
            self._held.append((step, asked))
        if step.outcome == outcome:
            return Played(number, step, shown, held=1)
        what = f"the request is {shown}, expected {step.describe_answer()}"
        failures = (Failure(step.place, what, shown),)
        return Played(number, step, shown, failures=failures, is_end=bool(step.save))

    def _release(self, number: int, step: ReleaseStep | EndFaultStep) -> Played:
        """Let a hold go, and judge the answers that come of it."""
        waiting = [each for each in self._held if each[1].hold == step.name]
        if isinstance(step, ReleaseStep):
            waiting = waiting[: self.stage.release(step.name, step.count)]
        else:
            self.stage.end_fault(step.name)
        self._held = [each for each in self._held if each not in waiting]
        judged: list[Played] = []
        for request, asked in waiting:
            told = asked.find_answer()
            if told is None:
                what = "what was released is not answered"
                judged.append(
                    Played(number, step, failures=(Failure(step.place, what, "nothing"),))
                )
            else:
                judged.append(self._judge_answer(number, request, *told))
        return Played(
            number,
            step,
            "; ".join(each.answer for each in judged),
            sum(each.held for each in judged),
            tuple(failure for each in judged for failure in each.failures),
            is_end=any(each.is_end for each in judged),
        )

    def _judge_answer(self, number: int, step: RequestStep, status: int, told: object) -> Played:
        shown = f"{status} {render_value(told)}"
        failures: list[Failure] = []
        place, wanted = step.status or (step.place, None)
        if status != wanted and (wanted is not None or not 200 <= status < 300):
            expected = "2xx" if wanted is None else str(wanted)
            failures.append(Failure(place, f"the status is {status}, expected {expected}", shown))
        elif step.answer is not None:
            missed = find_mismatches(step.answer, told, "answer", self._fill)
            failures += [Failure(each.place, str(each), shown) for each in missed]
        missing = False
        for name, path in step.save.items():
            value = _dig(told, path)
            if value is None:
                missing = True
                what = f"the answer holds no {path!r} to save as {name}"
                failures.append(Failure(step.place, what, shown))
            else:
                self._saved[name] = value
        held = 0 if failures or (step.answer is None and wanted is None) else 1
        return Played(number, step, shown, held, tuple(failures), is_end=missing)

    def _expect_device(self, number: int, step: ExpectDevice) -> Played:
        there = self.stage.look(step.device).get(step.look)
        missed = list(find_mismatches(step.wanted, there, step.look, self._fill))
        why = self._explain(step.device) if missed and step.look != "state" else ()
        shown = _sum_up(there, step.wanted)
        subject = f"{step.device}: "
        return _judge(number, step, missed, subject=subject, there=shown, why=why)

    def _expect_statistics(self, number: int, step: ExpectStatistics) -> Played:
        notification = self._saved[step.message]
        held = [each for each in self.stage.list_messages() if each["id"] == notification]
        if not held:
            raise step.place.refuse(
                f"{step.message} is no notification of this world ({notification})",
                "save the id of the answer of POST /notifications",
            )
        there = held[0]["statistics"]
        missed = list(find_mismatches(step.wanted, there, "statistics", self._fill))
        subject = f"{step.message}: "
        return _judge(number, step, missed, subject=subject, there=render_value(there))

    def _expect_why(self, number: int, step: ExpectWhy) -> Played:
        reasons = self.stage.why(self._saved[step.message], step.device)
        rules = [str(reason["rule"]) for reason in reasons]
        there = "; ".join(_render_reason(reason) for reason in reasons)
        if step.rule.text in rules:
            return Played(number, step, held=1)
        what = f"{step.message} on {step.device} is {', '.join(rules)}, expected {step.rule.text}"
        return Played(number, step, failures=(Failure(step.rule.place, what, there),))

    def _explain(self, device: str) -> tuple[str, ...]:
        """Say why the latest messages are, or are not, on a device."""
        names = {value: name for name, value in self._saved.items()}
        latest = [each["id"] for each in self.stage.list_messages()[:MESSAGES_EXPLAINED]]
        if not latest:
            return ("why: no notification was accepted yet",)
        return tuple(
            f"why: {names.get(notification, notification)}: {_render_reason(reason)}"
            for notification in latest
            for reason in self.stage.why(notification, device)
        )


def run(scenario: Scenario, stage: Stage | None = None, *, seed: int | None = None) -> Outcome:
    """Play *scenario* to its end and return how it ended; without a stage in a lab of its own.

    Raises ScenarioError, with file, line and column, at a step that cannot be done.
    """
    where = LabStage() if stage is None else stage
    play = Play(scenario, where, scenario.seed if seed is None else seed)
    try:
        for _ in play.steps():
            pass
        return play.outcome()
    finally:
        where.close()


def _judge(
    number: int,
    step: Step,
    missed: Iterable[Mismatch],
    *,
    subject: str,
    there: str,
    why: tuple[str, ...] = (),
) -> Played:
    failures = tuple(Failure(each.place, f"{subject}{each}", there, why) for each in missed)
    return Played(number, step, held=0 if failures else 1, failures=failures)


def _misfit(place: Place, error: PushlabError) -> ScenarioError:
    return ScenarioError(f"{place}: {error}")


def _render_reason(reason: Mapping[str, object]) -> str:
    return f"{reason['text']} [{reason['rule']}]"


def _dig(told: object, path: str) -> str | None:
    """Return the text at a dotted *path* of an answer, or None."""
    value: Any = told
    for part in path.split("."):
        if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return str(value) if isinstance(value, (str, int)) and value != "" else None


def _sum_up(there: object, wanted: Node) -> str:
    """Return what is there in a line: of messages what was asked for, and what names them."""
    if not isinstance(there, list):
        return render_value(there)
    if not there:
        return "nothing"
    asked = [key.text for item in getattr(wanted, "items", ()) for key, _ in item.pairs]
    names = dict.fromkeys([*asked, "title", "subject", "body"])
    return render_value(
        [{name: each[name] for name in names if each.get(name) is not None} for each in there]
    )
