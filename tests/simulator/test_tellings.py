"""Goal: every kind of entry has a sentence, and a channel's own words go before."""

from __future__ import annotations

import ast

import pytest

from pushlab.gateway import WEB_CHANNELS, Channel
from pushlab.tellings import OF_GATEWAY, QUIET, SAYINGS, TELLINGS, find_telling
from pushlab.tellings.moods import MOODS
from pushlab.timeline import Storyteller
from pushlab.vendor_names import GATEWAYS
from pushlab.world.trace import Entry
from pushlab_testing.tree import list_modules

ALL = [
    *((name, None) for name in TELLINGS),
    *((name, gateway) for gateway, own in OF_GATEWAY.items() for name in own),
]


WRITERS = (
    "BatchKind",
    "Said",
    "Undelivered",
    "_kind",
    "_note",
    "_tell",
    "declare",
    "entry_kind",
    "note",
    "record",
)
"""What is called with the kind of an entry."""


COMPOSED = {f"{what}{done}" for what in ("Email", "Sms") for done in ("Added", "Removed")}
"""Kinds that no module writes in one word."""


class OneGateway:
    """A world in which one gateway serves everybody and nothing has a name."""

    def __init__(self, gateway: str | None) -> None:
        self.gateway = gateway

    def find_address(self, subscription: str) -> None:
        """Know no device."""

    def find_gateway(self, device: str) -> str | None:
        """Return the gateway."""
        return self.gateway

    def find_title(self, notification: str) -> None:
        """Know no notification."""

    def find_user(self, onesignal_id: str) -> None:
        """Know nobody."""


@pytest.mark.parametrize(("name", "gateway"), ALL)
def test_every_telling_stands_with_nothing_but_a_device(name: str, gateway: str | None) -> None:
    kind, _, outcome = name.partition("/")
    fields = {"device": "it", **({"outcome": outcome} if outcome else {})}

    told = Storyteller(OneGateway(gateway)).tell(Entry(0, kind, f"{kind}:it", fields))

    assert told is not None
    assert "{" not in told.who + told.what
    assert told.mood in MOODS


@pytest.mark.parametrize("name", TELLINGS)
def test_every_telling_stands_without_any_field(name: str) -> None:
    kind, _, outcome = name.partition("/")
    fields = {"outcome": outcome} if outcome else {}

    told = Storyteller(OneGateway(None)).tell(Entry(0, kind, f"{kind}:it", fields))

    assert told is not None
    assert "{" not in told.who + told.what


def test_a_kind_is_told_of_one_teller_alone() -> None:
    assert len(TELLINGS) == sum(len(mine) for mine in SAYINGS.values())


def test_a_channels_own_words_go_before() -> None:
    said = [
        find_telling("MessageArrived", "shown", GATEWAYS[channel])
        for channel in (Channel.ANDROID, Channel.EMAIL, Channel.SMS)
    ]

    assert [telling and telling[1] for telling in said] == [
        "shows {title}",
        "gets the mail {title}",
        "gets {text_words}",
    ]


def test_all_browsers_have_a_push_service() -> None:
    assert {GATEWAYS[channel] for channel in WEB_CHANNELS} == {"the push service"}


def test_an_outcome_that_nobody_knows_is_told_by_its_kind() -> None:
    assert find_telling("MessageArrived", "eaten by a dog", None) == TELLINGS["MessageArrived"]


def test_a_kind_that_nobody_knows_has_no_telling() -> None:
    assert find_telling("CometSeen", None, None) is None


def test_every_kind_that_the_code_writes_has_a_sentence() -> None:
    written = {
        name
        for module in list_modules()
        if module.name.startswith(("pushlab.devices", "pushlab_fakes", "pushlab.people"))
        for name in _list_kinds(module.syntax)
    }

    assert written - {name.partition("/")[0] for name in TELLINGS} - QUIET == set()


def test_no_sentence_is_left_of_what_nobody_writes() -> None:
    sources = [
        module.source for module in list_modules() if not module.name.startswith("pushlab.tellings")
    ]
    kinds = {name.partition("/")[0] for name in (*TELLINGS, *QUIET)} - COMPOSED

    assert {kind for kind in kinds if not any(f'"{kind}"' in each for each in sources)} == set()


def _list_kinds(syntax: ast.AST) -> list[str]:
    """Return what is written like a kind of entry: the name of what happened, as a text."""
    found = []
    for node in ast.walk(syntax):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            called = node.func.id if isinstance(node.func, ast.Name) else called
            values = [*node.args, *(word.value for word in node.keywords)]
            texts = [each.value for each in values if isinstance(each, ast.Constant)]
            if called in WRITERS:
                found += [each for each in texts if isinstance(each, str) and _is_kind(each)]
    return found


def _is_kind(text: str) -> bool:
    return text.isalpha() and text[:1].isupper() and text[1:].lower() != text[1:]
