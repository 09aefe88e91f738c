"""Goal: one story leaves one digest, whoever tells it and in whatever order it arrives.

Method: the same calls in process, over HTTP one after the other, and over HTTP by four clients at
once, each of which speaks of a person of its own. Where two speak of the same person the order
is part of the story, and the trace shows which it was.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from pushlab_testing.story import APP_ID, NAMES, ask_in_process, ask_over_http, begin, end, talk

ROUNDS = 3


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


def test_two_orders_about_one_person_are_two_traces_and_each_is_told_as_it_came():
    traces = {}
    for cities in (("Rome", "Oslo"), ("Oslo", "Rome")):
        lab = begin()
        ask = ask_in_process(lab)
        path = f"/apps/{APP_ID}/users/by/external_id/alice"
        for city in cities:
            ask("PATCH", path, {"properties": {"tags": {"city": city}}})
        believed = ask("GET", path)["properties"]["tags"]["city"]
        traces[cities] = list(lab.trace.lines()), believed

    (first, rome_first), (second, oslo_first) = traces.values()
    assert (rome_first, oslo_first) == ("Oslo", "Rome")
    assert first != second
    assert [line for line in first if "UserUpdated" in line or "RequestReceived" in line] != [
        line for line in second if "UserUpdated" in line or "RequestReceived" in line
    ]
