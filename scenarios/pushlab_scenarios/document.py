"""A scenario as values: what it is called, how its world begins, and its steps in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pushlab.errors import MisuseError
from pushlab.settings import DEFAULTS, change_settings
from pushlab.world.clock import parse_instant
from pushlab_fakes.onesignal.plans import PLANS
from pushlab_scenarios.cast import Cast
from pushlab_scenarios.nodes import Fields, Place, Scalar, Table
from pushlab_scenarios.steps import read_step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.world.clock import Instant
    from pushlab_scenarios.nodes import Node, Plain
    from pushlab_scenarios.steps import Step

__all__ = ["FORMAT", "AppUnderTest", "Scenario", "read_scenario"]

FORMAT: Final = 1
"""Version of the file format; the first line of a scenario names it."""
EXAMPLE: Final = "`pushlab: 1`, a `sentence` and `steps`"
START: Final = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class AppUnderTest:
    """The OneSignal app that the requests of a scenario name."""

    id: str = "5eedda7a-0000-4000-8000-000000000002"
    key: str = "os_v2_app_pushlab_scenario_no_real_key"
    changes: Mapping[str, str | bool] = field(default_factory=dict)
    """Plan, senders and the like that differ from what a lab gives an app."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story."""

    place: Place
    name: str
    sentence: str
    """What the story shows, in one sentence."""
    seed: int
    start: Instant
    app: AppUnderTest
    settings: Mapping[str, Plain]
    """Named settings that differ from their defaults."""
    steps: tuple[Step, ...]


def read_scenario(node: Node, stem: str) -> Scenario:
    """Return the scenario that *node* says; *stem* is its name unless it has its own."""
    _check_version(node)
    fields = Fields(node, "a scenario", EXAMPLE)
    fields.node("pushlab")
    sentence = fields.need("sentence", fields.text("sentence"))
    name = fields.text("name") or stem
    seed = fields.whole("seed") or 0
    start = _read_start(fields.scalar("start"))
    app = _read_app(fields.node("app"))
    settings = _read_settings(fields.table("settings"))
    listed = fields.need("steps", fields.listing("steps"))
    fields.finish()
    cast = Cast()
    steps = tuple(read_step(item, cast) for item in listed.items)
    if not steps:
        raise listed.place.refuse("this scenario has no steps", "begin with `- device: ...`")
    return Scenario(node.place, name, sentence, seed, start, app, settings, steps)


def _check_version(node: Node) -> None:
    """Refuse what does not begin as a scenario, before its other words are looked at."""
    if not isinstance(node, Table) or not node.pairs:
        raise node.place.refuse("this is no scenario", f"write {EXAMPLE}")
    key, value = node.pairs[0]
    if key.text != "pushlab":
        raise key.place.refuse(
            f"a scenario begins with `pushlab: 1`, not with {key.text!r}", "put that line first"
        )
    if not isinstance(value, Scalar) or value.value != FORMAT or isinstance(value.value, bool):
        raise value.place.refuse(
            "this is no format that this pushlab reads", f"write `pushlab: {FORMAT}`"
        )


def _read_start(node: Scalar | None) -> Instant:
    if node is None:
        return parse_instant(START)
    try:
        return parse_instant(node.text)
    except MisuseError as error:
        what, _, instead = str(error).partition("; ")
        raise node.place.refuse(what, instead or f"write {START}") from None


def _read_app(node: Node | None) -> AppUnderTest:
    given = AppUnderTest()
    if node is None:
        return given
    fields = Fields(node, "an app", "app: {plan: free}")
    app = AppUnderTest(
        fields.text("id") or given.id,
        fields.text("key") or given.key,
        _read_changes(fields),
    )
    fields.finish()
    return app


def _read_changes(fields: Fields) -> dict[str, str | bool]:
    changes = {
        "plan": fields.choice("plan", PLANS),
        "name": fields.text("name"),
        "receipts_enabled": fields.flag("receipts_enabled"),
        "email_from_name": fields.text("email_from_name"),
        "email_from_address": fields.text("email_from_address"),
        "sms_from": fields.text("sms_from"),
    }
    return {name: value for name, value in changes.items() if value is not None}


def _read_settings(table: Table | None) -> dict[str, Plain]:
    """Read named settings one by one, so that a wrong one is found at its place."""
    changes: dict[str, Plain] = {}
    for key, value in table.pairs if table is not None else ():
        changes[key.text] = value.plain()
        try:
            change_settings(DEFAULTS, {key.text: value.plain()})
        except MisuseError as error:
            what, _, instead = str(error).partition("; ")
            raise key.place.refuse(what, instead or "see `pushlab settings`") from None
    return changes
