"""Goal: what came over a wire is kept as it came, within bounds that say when they are hit."""

from __future__ import annotations

import pytest

from pushlab.world.world import World
from pushlab_fakes.apns import sends as apns
from pushlab_fakes.attempts import AttemptLog, KeptAttempt, LoggedFake
from pushlab_fakes.exchange import Answer, Request

TAKEN = Answer(200, b"", (("apns-id", "A"),))


def a_request(token: str = "ab", body: bytes = b"{}", path: str = "/3/device/") -> Request:
    return Request("POST", "api.push.apple.com", path + token, "", (("apns-topic", "t"),), body)


class Service:
    """A fake that writes down what came, and takes everything."""

    def __init__(self, log: AttemptLog, world: World) -> None:
        self.log = log
        self.world = world

    def handle(self, request: Request) -> Answer:
        entry = self.world.trace.record("RequestReceived", request.path, {})
        if request.body:
            self.log.hand_over("apns", entry, 7)
        return TAKEN

    def fail(self, request: Request, fault: object) -> Answer:
        self.world.trace.record("RequestReceived", f"{fault} {request.path}", {})
        return Answer(503)


class Bench:
    """A log, and a fake whose sends it keeps."""

    def __init__(self, **settings: object) -> None:
        self.world = World(0)
        self.world.change_settings(**settings)
        self.log = AttemptLog(self.world)
        service = Service(self.log, self.world)
        self.fake = LoggedFake(service, apns, "apns", self.log, self.world.trace)

    def send(self, *tokens: str, size: int = 2) -> None:
        for token in tokens:
            self.fake.handle(a_request(token, b"x" * size))

    def get(self, number: int) -> KeptAttempt:
        kept = self.log.find(number)
        assert kept is not None
        return kept

    @property
    def addresses(self) -> list[str]:
        return [kept.address for kept in self.log]

    @property
    def whole(self) -> list[bool]:
        return [kept.is_whole for kept in self.log]


@pytest.fixture
def bench():
    return Bench()


def test_a_send_is_kept_with_its_answer_its_entry_and_its_sends(bench):
    request = a_request()

    answer = bench.fake.handle(request)

    (kept,) = bench.log
    assert answer is TAKEN
    assert (kept.number, kept.at, kept.gateway) == (1, bench.world.now, "apns")
    assert (kept.request, kept.answer) == (request, TAKEN)
    assert kept.entry == "RequestReceived:/3/device/ab"
    assert kept.sends == [7]


def test_a_request_that_sends_nothing_is_not_kept(bench):
    bench.fake.handle(a_request(body=b"", path="/1/apps/"))

    assert len(bench.log) == 0


def test_a_refused_send_is_kept_without_a_send(bench):
    bench.fake.handle(a_request(body=b""))

    (kept,) = bench.log
    assert kept.sends == []


def test_what_a_fault_refuses_is_kept_as_well(bench):
    bench.fake.fail(a_request(), "fault-1")

    (kept,) = bench.log
    assert (kept.entry, kept.answer.status) == ("RequestReceived:fault-1 /3/device/ab", 503)


def test_a_later_hand_over_joins_its_request(bench):
    bench.send("ab")
    bench.log.hand_over("sms", "RequestReceived:/3/device/ab", 9)

    (kept,) = bench.log
    assert kept.sends == [7, 9]


def test_a_hand_over_that_no_request_made_stands_alone(bench):
    bench.log.hand_over("smtp", "NoticeSent:1", 3)

    (kept,) = bench.log
    assert (kept.gateway, kept.request, kept.sends, kept.address) == ("smtp", None, [3], "")


def test_beyond_the_bound_by_count_the_oldest_go_and_are_counted():
    bench = Bench(attempts_kept_max=2)

    bench.send("aa", "bb", "cc")

    assert bench.addresses == ["bb", "cc"]
    assert (bench.log.count, bench.log.dropped) == (3, 1)
    assert bench.log.find(1) is None
    assert [bench.get(number).address for number in (2, 3)] == ["bb", "cc"]
    assert bench.log.find(4) is None


def test_a_hand_over_of_a_request_that_was_let_go_begins_anew():
    bench = Bench(attempts_kept_max=1)
    bench.send("aa", "bb")

    bench.log.hand_over("apns", "RequestReceived:/3/device/aa", 9)

    (kept,) = bench.log
    assert (kept.request, kept.sends) == (None, [9])


def test_at_least_one_is_kept():
    bench = Bench(attempts_kept_max=0)

    bench.send("aa", "bb")

    assert bench.addresses == ["bb"]


def test_beyond_the_bound_by_bytes_the_oldest_become_a_line():
    bench = Bench(attempts_kept_bytes_max=5_000)

    bench.send("aa", "bb", "cc", size=2_000)

    assert bench.addresses == ["aa", "bb", "cc"]
    assert bench.whole == [False, True, True]
    light = bench.get(1)
    assert light.request == Request("POST", "api.push.apple.com", "/3/device/aa")
    assert (light.answer, light.sends) == (TAKEN, [7])


def test_one_that_is_too_large_alone_becomes_a_line_and_the_next_has_room_again():
    bench = Bench(attempts_kept_bytes_max=1_000)

    bench.send("aa", size=2_000)
    bench.send("bb")

    assert bench.whole == [False, True]


def test_what_has_gone_by_count_makes_room_by_bytes():
    bench = Bench(attempts_kept_max=2, attempts_kept_bytes_max=5_000)

    bench.send("aa", "bb", "cc", "dd", "ee", "ff", size=1_800)

    assert bench.whole == [True, True]


def test_the_targets_of_all_its_sends_are_counted(bench):
    bench.send("ab")
    bench.log.hand_over("apns", "RequestReceived:/3/device/ab", 9, 3)

    (kept,) = bench.log
    assert kept.count == 4
