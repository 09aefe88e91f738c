"""Goal: a fault strikes where, whom and when it was planned to, and says so."""

from __future__ import annotations

import numpy as np
import pytest

from pushlab.errors import MisuseError
from pushlab.world.world import World
from pushlab_fakes.fault_places import GATEWAYS
from pushlab_fakes.faults import HOWS_AT, RESET_CODES, Fault, Faults
from pushlab_testing.phones import Phones

ROUTE = "onesignal POST /notifications"
START = 1_767_225_600_000


WEBHOOK = "webhook https://shop.test"


def a_fault(where: str = "fcm", **values: object) -> Fault:
    return Fault(**{"id": "", "where": where, **values})  # type: ignore[arg-type]


def find(faults: Faults, *, app: str | None = None, key: int = 1) -> Fault | None:
    """Return the fault that hits a request for a push."""
    return faults.find(
        lambda _, place: place.has_route("onesignal", "POST", ["/notifications"]),
        key=lambda: key,
        app=lambda: app,
    )


# --- planning --------------------------------------------------------------------------------


def test_a_fault_is_planned_at_its_place_until_it_is_removed() -> None:
    faults = Faults(World())
    fault = faults.plan(a_fault("apns"))

    planned = [faults.are_planned(where) for where in ("apns", "fcm")]
    faults.remove(fault.id)

    assert planned == [True, False]
    assert not faults.are_planned("apns")


def test_a_planned_fault_gets_an_id_and_leaves_an_entry() -> None:
    world = World()
    faults = Faults(world)

    first, second = faults.plan(a_fault()), faults.plan(a_fault(id="mine", status=429))

    assert [fault.id for fault in faults.list()] == [first.id, second.id] == ["fault-1", "mine"]
    assert [entry.id for entry in world.trace.entries()] == [
        "FaultPlanned:fault-1",
        "FaultPlanned:mine",
    ]


def test_a_removed_fault_strikes_no_more_and_leaves_an_entry() -> None:
    world = World()
    faults = Faults(world)
    fault = faults.plan(a_fault(ROUTE))

    faults.remove(fault.id)

    assert find(faults) is None
    assert [entry.kind for entry in world.trace.entries()] == ["FaultPlanned", "FaultRemoved"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"where": "moon"}, "no fault can strike at 'moon'; there are apns, fcm"),
        ({"status": 200}, "between 400 and 599"),
        ({"status": 600}, "between 400 and 599"),
        ({"share": 1.1}, "between 0 and 1"),
        ({"share": -0.1}, "between 0 and 1"),
        ({"start": 5, "end": 5}, "ends after it starts"),
        ({"where": ROUTE, "devices": frozenset({1})}, "plan it at a gateway"),
        ({"times": 2}, "use `share` or a window"),
        ({"where": "sms", "times": 2}, "write 'twilio POST /Messages'"),
        ({"app": "an-app"}, "limit its fault to devices"),
        ({"where": "apns POST /3/device", "app": "an-app"}, "only OneSignal and Twilio know apps"),
        ({"how": "explode"}, "nothing goes wrong like 'explode'"),
        ({"how": "lost"}, "how=refuse"),
        ({"where": "apns", "how": "goaway"}, "That goes wrong at 'apns POST /3/device'"),
        ({"where": "smtp", "how": "lost"}, "That goes wrong at 'smtp end'"),
        ({"where": "sms", "how": "expired_certificate"}, "at 'twilio handshake'"),
        ({"where": ROUTE, "how": "repeat"}, "at 'webhook https://shop.test'"),
        ({"where": ROUTE, "how": "late"}, "how=refuse, lost, drop"),
        ({"where": WEBHOOK}, "how=lost, drop, repeat, late, hold"),
        ({"where": "smtp end", "how": "goaway"}, "how=refuse, lost"),
        ({"where": ROUTE, "part": "answer"}, 'write how="hold"'),
        ({"where": ROUTE, "how": "hold", "part": "all"}, "a request or an answer"),
        ({"where": WEBHOOK, "how": "hold", "part": "answer"}, "held as a whole"),
        ({"where": ROUTE, "last_stream": "this"}, 'write how="goaway"'),
        ({"where": ROUTE, "how": "goaway", "last_stream": "next"}, "`before` or `this`"),
        ({"where": ROUTE, "how": "reset", "reason": "CANSEL"}, "did you mean 'CANCEL'?"),
        ({"where": ROUTE, "how": "slow"}, "how slow?"),
        ({"where": ROUTE, "delay_s": 301.0}, "between 0 and 300 real seconds"),
        ({"where": ROUTE, "delay_s": -1.0}, "between 0 and 300 real seconds"),
        ({"delay_s": 1.0}, "not so here"),
        ({"where": ROUTE, "delay_ms": 5}, 'write how="late"'),
        ({"where": WEBHOOK, "how": "late"}, "how late?"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(values, words) -> None:
    with pytest.raises(MisuseError) as caught:
        Faults(World()).plan(a_fault(**values))

    assert words in str(caught.value)


def test_an_id_is_given_once() -> None:
    faults = Faults(World())
    faults.plan(a_fault(id="mine"))

    with pytest.raises(MisuseError, match="planned already"):
        faults.plan(a_fault(id="mine"))


def test_only_a_planned_fault_can_be_removed() -> None:
    with pytest.raises(MisuseError, match="no fault 'x'"):
        Faults(World()).remove("x")


def test_a_fault_reads_as_the_control_api_shows_it() -> None:
    fault = a_fault(
        id="x",
        reason="busy",
        retry_after_s=5,
        times=2,
        app="app",
        device_names=("a",),
        start=START,
        end=START + 1,
    )

    assert fault.document() == {
        "id": "x",
        "where": "fcm",
        "status": 503,
        "share": 1.0,
        "reason": "busy",
        "retry_after_s": 5,
        "times": 2,
        "app": "app",
        "devices": ["a"],
        "start": "2026-01-01T00:00:00.000Z",
        "end": "2026-01-01T00:00:00.001Z",
    }
    assert a_fault(id="x").document() == {"id": "x", "where": "fcm", "status": 503, "share": 1.0}


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"how": "hold", "part": "answer"}, {"how": "hold", "part": "answer"}),
        ({"how": "goaway", "reason": "bye"}, {"last_stream": "before", "reason": "bye"}),
        ({"how": "slow", "delay_s": 0.5}, {"how": "slow", "delay_s": 0.5}),
        ({"how": "late", "delay_ms": 1_500}, {"how": "late", "delay": "1500ms"}),
        ({"how": "late", "delay_ms": 90_000}, {"delay": "90s"}),
        ({"how": "late", "delay_ms": 300_000}, {"delay": "5m"}),
        ({"how": "late", "delay_ms": 172_800_000}, {"delay": "2d"}),
    ],
)
def test_what_goes_wrong_in_another_way_shows_how(values, shown) -> None:
    document = a_fault(id="x", where=ROUTE, **values).document()

    assert {name: document[name] for name in shown} == shown
    assert "status" not in document


def test_what_can_go_wrong_is_planned_wherever_it_can() -> None:
    places = {
        "gateway": "fcm",
        "route": ROUTE,
        "stage": "smtp end",
        "webhook": WEBHOOK,
        "handshake": "apns handshake",
    }
    faults = Faults(World())
    for kind, hows in HOWS_AT.items():
        for how in hows:
            delay_s, delay_ms = float(how == "slow"), 5 * (how == "late")
            faults.plan(a_fault(places[kind], how=how, delay_s=delay_s, delay_ms=delay_ms))

    assert len(faults.list()) == sum(map(len, HOWS_AT.values()))
    assert all(faults.are_planned_at(kind) for kind in HOWS_AT)


def test_a_reset_may_have_every_reason() -> None:
    faults = Faults(World())
    for reason in RESET_CODES:
        faults.plan(a_fault(ROUTE, how="reset", reason=reason))

    assert len(faults.list()) == len(RESET_CODES)


# --- requests --------------------------------------------------------------------------------


def test_a_request_is_hit_by_the_first_fault_that_matches() -> None:
    faults = Faults(World())
    faults.plan(a_fault(ROUTE, app="other"))
    faults.plan(a_fault("fcm"))
    wanted = faults.plan(a_fault(ROUTE, app="mine"))
    faults.plan(a_fault(ROUTE))

    assert find(faults, app="mine") == wanted


def test_a_fault_has_a_window_in_virtual_time() -> None:
    world = World()
    faults = Faults(world)
    faults.plan(a_fault(ROUTE, start=START + 10, end=START + 20))

    hits = []
    for instant in (START + 9, START + 10, START + 19, START + 20):
        world.run_until(instant)
        hits.append(find(faults) is not None)

    assert hits == [False, True, True, False]


def test_a_fault_hits_so_many_requests_and_no_more() -> None:
    faults = Faults(World())
    faults.plan(a_fault(ROUTE, times=2))

    hits = [find(faults, key=key) is not None for key in range(4)]

    assert hits == [True, True, False, False]


def test_requests_that_a_share_spares_do_not_count_as_hit() -> None:
    faults = Faults(World())
    faults.plan(a_fault(ROUTE, times=3, share=0.2))

    hits = [find(faults, key=key) is not None for key in range(200)]

    assert sum(hits) == 3


def test_a_share_hits_about_that_many_requests() -> None:
    faults = Faults(World())
    faults.plan(a_fault(ROUTE, share=0.25))

    hits = [find(faults, key=key) is not None for key in range(1_000)]

    assert 200 <= sum(hits) <= 300


def test_the_same_content_has_new_luck_each_time_and_others_do_not_shift_it() -> None:
    def draw(keys: list[int]) -> dict[int, list[bool]]:
        faults = Faults(World())
        faults.plan(a_fault(ROUTE, share=0.5))
        drawn: dict[int, list[bool]] = {}
        for key in keys:
            drawn.setdefault(key, []).append(find(faults, key=key) is not None)
        return drawn

    alone, mixed = draw([7] * 40), draw([7, 8, 9] * 40)

    assert mixed[7] == alone[7]
    assert 10 < sum(alone[7]) < 30


# --- holds -----------------------------------------------------------------------------------


def a_hold(faults: Faults, *names: str) -> list[str]:
    """Plan a hold called gate that keeps *names* back, and return where they come out."""
    faults.plan(a_fault(ROUTE, id="gate", how="hold"))
    out: list[str] = []
    for name in names:
        faults.holds.park("gate", name, START, lambda name=name: out.append(name))  # type: ignore[misc]
    return out


def test_a_hold_is_released_as_a_whole_and_is_over() -> None:
    world = World()
    faults = Faults(world)
    out = a_hold(faults, "a", "b")

    released = faults.release("gate")

    assert (released, out, faults.list()) == (2, ["a", "b"], [])
    entry = list(world.trace.entries())[-1]
    assert (entry.id, entry.fields["count"]) == ("HoldReleased:gate", 2)
    assert entry.causes == ("FaultPlanned:gate",)


def test_a_hold_lets_the_oldest_go_and_goes_on() -> None:
    faults = Faults(World())
    out = a_hold(faults, "a", "b", "c")

    released = faults.release("gate", 2)

    assert (released, out) == (2, ["a", "b"])
    assert [fault.id for fault in faults.list()] == ["gate"]


def test_a_hold_that_ends_as_a_fault_lets_everything_go() -> None:
    faults = Faults(World())
    out = a_hold(faults, "a")

    faults.remove("gate")

    assert (out, faults.list()) == (["a"], [])


@pytest.mark.parametrize(
    ("name", "count", "words"),
    [
        ("other", None, "'other' holds nothing"),
        ("none", None, "no fault 'none'"),
        ("gate", 0, "releases one at least"),
    ],
)
def test_only_a_hold_can_be_released(name, count, words) -> None:
    faults = Faults(World())
    faults.plan(a_fault(id="other"))
    out = a_hold(faults, "a")

    with pytest.raises(MisuseError, match=words):
        faults.release(name, count)

    assert out == []


# --- gateways --------------------------------------------------------------------------------


@pytest.mark.parametrize("place", GATEWAYS)
def test_without_faults_a_gateway_is_not_overruled(place: str) -> None:
    instants, rows, keys = np.zeros(2, np.int64), np.zeros(2, np.int32), np.zeros(2, np.uint64)

    assert Faults(World()).overrule(place, instants, rows, keys, 1) is None


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (503, "PUT_OFF"),
        (500, "PUT_OFF"),
        (429, "PUT_OFF"),
        (404, "DEAD"),
        (410, "DEAD"),
        (400, "BAD"),
        (403, "REFUSED"),
        (413, "TOO_LARGE"),
    ],
)
@pytest.mark.parametrize(("where", "platform"), [("fcm", "android"), ("apns", "ios")])
def test_a_gateway_answers_the_status_of_its_fault(where, platform, status, verdict) -> None:
    phones = Phones()
    row = phones.add(platform)
    phones.faults.plan(a_fault(where, status=status))

    sent = phones.send(row)

    assert sent.verdict == verdict


def test_a_fault_of_one_gateway_leaves_the_other() -> None:
    phones = Phones()
    rows = [phones.add("android", "a"), phones.add("ios", "b")]
    phones.faults.plan(a_fault("fcm"))

    assert phones.send(*rows).verdicts == ["PUT_OFF", "ACCEPTED"]


def test_a_fault_may_be_limited_to_devices_and_the_first_one_wins() -> None:
    phones = Phones()
    rows = phones.add_many("android", 3)
    phones.faults.plan(a_fault(status=410, devices=frozenset(rows[:1])))
    phones.faults.plan(a_fault(status=503, devices=frozenset(rows[:2])))

    assert phones.send(*rows).verdicts == ["DEAD", "PUT_OFF", "ACCEPTED"]


def test_a_share_of_targets_is_the_same_at_each_attempt() -> None:
    phones = Phones()
    rows = phones.add_many("android", 400)
    phones.faults.plan(a_fault(share=0.5))

    verdicts = phones.send(*rows).verdicts

    assert 150 <= verdicts.count("PUT_OFF") <= 250


def test_a_refused_message_does_not_set_out() -> None:
    phones = Phones()
    row = phones.add("android")
    phones.faults.plan(a_fault())

    phones.send(row)
    phones.wait(seconds=60)

    assert phones.entries("MessageArrived") == []
