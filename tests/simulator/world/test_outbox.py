"""Goal: posts leave in order, one at a time, and each leaves one entry when it is settled."""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.errors import LimitError
from pushlab.world import outbox as outbox_module
from pushlab.world.clock import Clock
from pushlab.world.outbox import Outbox, Post, PostAnswer
from pushlab.world.trace import Trace


def a_post(name: str = "hook", **values: object) -> Post:
    given: dict[str, Any] = {"url": "https://shop.test/hook", "at": 5, "purpose": "test", **values}
    return Post(name=name, **given)


def an_outbox() -> tuple[Outbox, Trace]:
    clock = Clock(5)
    trace = Trace(clock, 0)
    return Outbox(clock, trace), trace


def test_an_empty_outbox_has_nothing_to_send() -> None:
    outbox, _ = an_outbox()

    assert outbox.find_next() is None
    assert len(outbox) == 0


def test_posts_leave_in_the_order_in_which_they_came() -> None:
    outbox, _ = an_outbox()
    first, second = a_post("first"), a_post("second")

    outbox.put(first)
    outbox.put(second)
    outbox.settle(first, PostAnswer(200))

    assert outbox.find_next() is second
    assert len(outbox) == 1


def test_a_post_stays_first_until_it_is_settled() -> None:
    outbox, _ = an_outbox()
    outbox.put(a_post())

    assert outbox.find_next() is outbox.find_next()


def test_only_the_first_post_can_be_settled() -> None:
    outbox, _ = an_outbox()
    second = a_post("second")
    outbox.put(a_post("first"))
    outbox.put(second)

    with pytest.raises(AssertionError, match="in order"):
        outbox.settle(second, PostAnswer(200))


def test_a_settled_post_is_kept_with_its_answer_and_told() -> None:
    outbox, trace = an_outbox()
    post = a_post(body=b'{"a": 1}', causes=("Cause:x",))
    outbox.put(post)

    outbox.settle(post, PostAnswer(204))

    (entry,) = trace.entries()
    assert outbox.settled == [(post, PostAnswer(204))]
    assert entry.id == "PostSettled:hook"
    assert entry.fields["status"] == 204
    assert entry.fields["body"] == '{"a": 1}'
    assert entry.causes == ("Cause:x",)


def test_a_post_that_failed_tells_the_error_and_no_status() -> None:
    outbox, trace = an_outbox()
    post = a_post(body=b"\xff")
    outbox.put(post)

    outbox.settle(post, PostAnswer(None, error="timed out"))

    (entry,) = trace.entries()
    assert entry.fields["error"] == "timed out"
    assert "status" not in entry.fields
    assert entry.fields["body"] == "\\xff"


def test_too_many_waiting_posts_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "WAITING_MAX", 2)
    outbox, _ = an_outbox()
    outbox.put(a_post("1"))
    outbox.put(a_post("2"))

    with pytest.raises(LimitError, match="advance the clock"):
        outbox.put(a_post("3"))


def test_who_reads_the_answer_gets_it_after_it_was_written_down() -> None:
    outbox, trace = an_outbox()
    seen: list[object] = []
    outbox.observers.append(lambda _post, _answer: seen.append("observed"))
    post = a_post(on_answer=lambda answer: seen.append((answer.status, trace.count)))
    outbox.put(post)

    outbox.settle(post, PostAnswer(204))

    assert seen == ["observed", (204, 1)]


def test_a_post_may_have_an_entry_of_its_own() -> None:
    outbox, trace = an_outbox()
    post = a_post(method="GET", entry="PageVisited", about={"device": "alice"})
    outbox.put(post)

    outbox.settle(post, PostAnswer(200))

    (entry,) = trace.entries()
    assert entry.kind == "PageVisited"
    assert entry.fields["device"] == "alice"
    assert "body" not in entry.fields


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, False),
        ("timed out", False),
        ("unreachable: connection lost", False),
        ("unreachable: connection refused", True),
        ("unreachable: no such host", True),
        ("unserved: nobody serves cdn.test here", True),
        ("refused: no http or https URL", True),
    ],
)
def test_an_answer_tells_whether_there_was_nobody(error: str | None, expected: bool) -> None:
    assert PostAnswer(None, error=error).is_unserved is expected


class Collector:
    """A toll that keeps posts back by their name, and hears nothing of others."""

    def __init__(self) -> None:
        self.taken: list[Post] = []

    def take(self, post: Post) -> bool:
        if post.name.startswith("late"):
            self.taken.append(post)
        return post in self.taken

    def hear(self, post: Post, answer: PostAnswer) -> PostAnswer:
        is_unheard = post.name.startswith("unheard")
        return PostAnswer(None, error="unheard", fault="x") if is_unheard else answer


def test_a_toll_keeps_a_post_back_until_it_is_put_in_the_queue_itself() -> None:
    outbox, _ = an_outbox()
    outbox.toll = toll = Collector()
    late, other = a_post("late"), a_post("other")

    outbox.put(late)
    outbox.put(other)
    outbox.enqueue(late)

    assert toll.taken == [late]
    assert outbox.list_waiting() == [other, late]


def test_what_a_toll_mishears_is_what_the_sender_hears_and_a_record_is_not_deceived() -> None:
    outbox, trace = an_outbox()
    outbox.toll = Collector()
    heard: list[PostAnswer] = []
    observed: list[PostAnswer] = []
    outbox.observers.append(lambda _, answer: observed.append(answer))
    post = a_post("unheard", on_answer=heard.append)

    outbox.put(post)
    outbox.settle(post, PostAnswer(200))

    unheard = PostAnswer(None, error="unheard", fault="x")
    assert (heard, observed) == ([unheard], [PostAnswer(200)])
    assert outbox.settled == [(post, unheard)]
    (entry,) = trace.entries()
    assert (entry.fields["error"], entry.fields["fault"]) == ("unheard", "x")


def test_a_post_that_is_lost_ends_without_leaving_and_without_a_record() -> None:
    outbox, trace = an_outbox()
    heard: list[PostAnswer] = []
    observed: list[PostAnswer] = []
    outbox.observers.append(lambda _, answer: observed.append(answer))
    lost = PostAnswer(None, error="lost on its way", fault="x")

    outbox.lose(a_post(on_answer=heard.append), lost)

    assert (heard, observed, len(outbox)) == ([lost], [], 0)
    assert [entry.fields["error"] for entry in trace.entries()] == ["lost on its way"]
