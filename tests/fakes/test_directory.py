"""Goal: a request finds its fake by the vendor's host, by its path, or at last."""

from __future__ import annotations

import pytest

from pushlab_fakes.directory import Directory, Place
from pushlab_fakes.exchange import Answer, Request


class Anyone:
    def handle(self, _request: Request) -> Answer:
        return Answer(200)


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
