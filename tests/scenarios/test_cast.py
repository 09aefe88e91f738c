"""Goal: a scenario speaks only of what came before."""

from __future__ import annotations

import pytest

from pushlab.errors import ScenarioError
from pushlab_scenarios.cast import Cast, fill
from pushlab_scenarios.load import parse_nodes
from pushlab_scenarios.nodes import Place, Scalar

PLACE = Place("f.yaml", 1, 1)


def word(text: str) -> Scalar:
    return Scalar(PLACE, text, text)


@pytest.fixture
def cast() -> Cast:
    cast = Cast()
    cast.add_device("alice-ios", "ios", PLACE)
    cast.save(word("welcome"))
    return cast


def test_what_came_before_is_known(cast: Cast) -> None:
    assert cast.read_device(word("alice-ios")) == "alice-ios"
    assert cast.read_saved(word("welcome")) == "welcome"


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda cast: cast.read_device(word("alice-is")),
            "joined before; did you mean 'alice-ios'",
        ),
        (
            lambda cast: cast.add_device("alice-ios", "ios", PLACE),
            "already; give this one a `name`",
        ),
        (lambda cast: cast.read_saved(word("welcom")), "saved 'welcom' before; did you mean"),
        (lambda _: Cast().read_saved(word("x")), "saved 'x' before; write `save: NAME` there"),
        (lambda cast: cast.save(word("welcome")), "'welcome' has a value already; choose another"),
        (lambda cast: cast.save(word("app_id")), "'app_id' has a value already"),
        (lambda cast: cast.save(word("a b")), "'a b' cannot be a name; write letters"),
    ],
)
def test_a_slip_is_refused(cast: Cast, act, message: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        act(cast)

    assert message in str(refused.value)


def test_a_name_in_a_text_that_nobody_saved_is_refused_at_its_place(cast: Cast) -> None:
    node = parse_nodes("{a: [$app_id, 5, {b: /x/$welcom}]}", "f.yaml")

    with pytest.raises(ScenarioError) as refused:
        cast.check(node)

    assert str(refused.value) == (
        "f.yaml, line 1, column 22: nothing is saved as $welcom; did you mean 'welcome'? "
        "(a dollar sign is written $$)"
    )


def test_names_are_filled_in_and_doubled_dollars_are_one(cast: Cast) -> None:
    text = word("$welcome costs $$5, or $5")

    cast.check(text)

    assert fill(text, {"welcome": "id-1"}) == "id-1 costs $5, or $5"


def test_a_fault_is_known_by_its_name_and_a_hold_is_one_of_them() -> None:
    cast = Cast()
    cast.add_fault("outage", PLACE, is_hold=False)
    cast.add_fault("gate", PLACE, is_hold=True)

    known = [cast.read_fault(Scalar(PLACE, name, name)) for name in ("outage", "gate")]

    assert known == ["outage", "gate"]
    assert cast.read_hold(Scalar(PLACE, "gate", "gate")) == "gate"
    with pytest.raises(ScenarioError, match="no hold 'outage' was planned before"):
        cast.read_hold(Scalar(PLACE, "outage", "outage"))
    with pytest.raises(ScenarioError, match="no fault 'gat' was planned before; did you mean"):
        cast.read_fault(Scalar(PLACE, "gat", "gat"))
    with pytest.raises(ScenarioError, match="there is a fault 'gate' already"):
        cast.add_fault("gate", PLACE, is_hold=True)


def test_a_fault_that_is_named_before_any_was_is_refused() -> None:
    with pytest.raises(ScenarioError, match="give the hold an `id`"):
        Cast().read_hold(Scalar(PLACE, "gate", "gate"))
