"""Goal: one story leaves one digest, whoever tells it and in whatever order it arrives.

Method: the same calls in process, over HTTP one after the other, and over HTTP by four clients at
once, each of which speaks of a person of its own. Where two speak of the same person the order
is part of the story, and the trace shows which it was.
"""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

from pushlab_testing.story import APP_ID, NAMES, ask_in_process, ask_over_http, begin, end, talk

ROUNDS = 3
ALICE = f"/apps/{APP_ID}/users/by/external_id/alice"


def tell_in_turn(make_ask, names=NAMES):
    """Tell the story person by person; return digest and number of entries."""
    with begin() as lab:
        lab.serve()
        ask = make_ask(lab)
        for name in names:
            talk(ask, name)
        return end(lab), lab.trace.count


def tell_at_once():
    """Tell the story by a client for each person, all at the same time."""
    gate = threading.Barrier(len(NAMES))

    def work(ask, name):
        gate.wait(10)
        talk(ask, name)

    with begin() as lab, ThreadPoolExecutor(len(NAMES)) as pool:
        lab.serve()
        for told in [pool.submit(work, ask_over_http(lab), name) for name in NAMES]:
            told.result(30)
        return end(lab), lab.trace.count


def test_in_process_and_over_http_are_one_story():
    assert tell_in_turn(ask_over_http) == tell_in_turn(ask_in_process)


def test_the_order_of_people_who_do_not_touch_is_no_part_of_the_story():
    assert tell_in_turn(ask_in_process, NAMES[::-1]) == tell_in_turn(ask_in_process)


def test_clients_at_once_that_speak_of_different_people_tell_the_same_story():
    expected = tell_in_turn(ask_in_process)

    assert [tell_at_once() for _ in range(ROUNDS)] == [expected] * ROUNDS


def test_two_orders_about_one_person_are_two_stories():
    told = {cities: tell_of_alice(cities) for cities in (("Rome", "Oslo"), ("Oslo", "Rome"))}

    (rome_first, rome_lines, lives_in), (oslo_first, oslo_lines, lives_in_then) = told.values()
    assert (lives_in, lives_in_then) == ("Oslo", "Rome")
    assert rome_first != oslo_first
    assert list_cities(rome_lines) == ["Rome", "Oslo"]
    assert list_cities(oslo_lines) == ["Oslo", "Rome"]


def test_two_clients_at_once_about_one_person_tell_one_of_two_stories():
    """Which one it was stands in the trace, and telling it in that order gives the same digest."""
    gate = threading.Barrier(2)

    def work(ask, city):
        gate.wait(10)
        ask("PATCH", ALICE, {"properties": {"tags": {"city": city}}})

    for _ in range(ROUNDS):
        with begin() as lab, ThreadPoolExecutor(2) as pool:
            lab.serve()
            ask = ask_over_http(lab)
            for told in [pool.submit(work, ask, city) for city in ("Rome", "Oslo")]:
                told.result(30)
            lives_in = ask("GET", ALICE, None)["properties"]["tags"]["city"]
            cities = list_cities(lab.trace.lines())

            assert sorted(cities) == ["Oslo", "Rome"]
            assert lives_in == cities[-1]
            assert lab.trace.digest == tell_of_alice(cities)[0]


def tell_of_alice(cities):
    """Move alice through *cities*; return digest, lines and where she is believed to be."""
    lab = begin()
    ask = ask_in_process(lab)
    for city in cities:
        ask("PATCH", ALICE, {"properties": {"tags": {"city": city}}})
    lives_in = ask("GET", ALICE, None)["properties"]["tags"]["city"]
    return lab.trace.digest, list(lab.trace.lines()), lives_in


def list_cities(lines):
    """Return the cities of alice's changes as the trace has them, in its order."""
    entries = map(json.loads, lines)
    return [
        entry["properties"]["tags"]["city"]
        for entry in entries
        if entry.get("kind") == "UserUpdated"
    ]
