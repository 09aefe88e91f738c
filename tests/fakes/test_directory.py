"""Goal: a request finds its fake by the vendor's host, by its path, or at last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushlab_fakes.directory import Directory, Habits, Place
from pushlab_fakes.exchange import Answer, Request

if TYPE_CHECKING:
    from pushlab_fakes.faults import Fault


class Anyone:
    def handle(self, _request: Request) -> Answer:
        return Answer(200)

    def fail(self, _request: Request, fault: Fault) -> Answer:
        return Answer(fault.status)


def a_place(name: str, hosts: tuple[str, ...], paths: tuple[str, ...]) -> Place:
    return Place(name, hosts, paths, Anyone())


DIRECTORY = Directory(
    a_place("push", ("push.test",), ("/3/",)),
    a_place("shared first", ("shared.test",), ("/wp/",)),
    a_place("shared last", ("shared.test", ".below.test"), ("/v1/",)),
    a_place("rest", ("rest.test",), ()),
)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://push.test/anything", "push"),
        ("https://rest.test/3/x", "rest"),
        ("https://a.below.test/x", "shared last"),
        ("https://shared.test/wp/x", "shared first"),
        ("https://shared.test/v1/x", "shared last"),
        ("https://shared.test/other", "shared last"),
        ("http://127.0.0.1/3/x", "push"),
        ("http://127.0.0.1/wp/x", "shared first"),
        ("http://127.0.0.1/other", "rest"),
    ],
)
def test_a_request_finds_its_place(url: str, name: str) -> None:
    assert DIRECTORY.find(Request.build("GET", url)).name == name


def test_habits_say_what_json_says_and_nothing_of_what_may_be_new_each_time() -> None:
    bodies = (b'{"a": 1, "b": 2}', b'{"b":2,"a":1}', b"\x00\xff random", b"[" * 100_000)
    said = [Habits().say(Request("POST", "h", "/", body=body)) for body in bodies]

    assert said == ['{"a":1,"b":2}', '{"a":1,"b":2}', "", ""]


def test_habits_without_more_know_no_app_and_say_goodbye_in_plain_words() -> None:
    habits, request = Habits(), Request("GET", "h", "/path")

    assert habits.shorten("/path") == "/path"
    assert habits.find_app(request) is None
    assert (habits.say_goodbye(None), habits.say_goodbye("bye")) == (b"", b"bye")
