"""Goal: the table of coverage is the routes. Method: compare it with what handlers exist."""

from __future__ import annotations

from pushlab_fakes.onesignal.coverage import list_coverage, render_coverage
from pushlab_fakes.onesignal.operations import OPERATIONS
from pushlab_testing.onesignal import an_api


def test_every_operation_stands_in_the_table_once() -> None:
    ids = [row.id for row in list_coverage()]

    assert len(ids) == len(set(ids)) == len(OPERATIONS)


def test_no_two_operations_share_a_method_and_a_path() -> None:
    names = [operation.name for operation in OPERATIONS]

    assert len(names) == len(set(names))


def test_every_handler_that_the_table_names_exists() -> None:
    groups = an_api().service._groups

    for operation in OPERATIONS:
        if operation.is_built:
            group, _, handler = operation.handler.partition(".")
            assert callable(getattr(groups[group], handler))


def test_the_text_sums_up_and_names_what_is_not_served() -> None:
    text = render_coverage()

    assert text.startswith("OneSignal: ")
    assert "POST /apps/{app_id}/segments " in text
    assert "answers 501" in text


def test_requests_are_counted_by_operation() -> None:
    api = an_api()
    api.a_user("alice")
    api.call("GET", "/apps/{app}/segments")

    rows = {row.id: row for row in list_coverage(api.service.hits)}

    assert rows["create_user"].hits == 1
    assert rows["get_segments"].hits == 1
    assert rows["delete_user"].hits == 0
    assert "asked for 1 times" in render_coverage(api.service.hits)
