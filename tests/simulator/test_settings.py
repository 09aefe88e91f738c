"""Goal: one list of named settings; a wrong name or type is refused with a hint."""

from __future__ import annotations

import dataclasses

import pytest

from pushlab.errors import MisuseError
from pushlab.settings import Settings, change_settings, list_settings
from pushlab_testing.tree import list_modules


def test_every_setting_says_what_it_means_and_where_it_comes_from() -> None:
    rows = list_settings()

    assert [row.name for row in rows if not row.says or not row.source] == []
    assert len(rows) == len(dataclasses.fields(Settings))


def test_every_setting_is_read_somewhere() -> None:
    readers = [
        module.source for module in list_modules() if not module.name.startswith("pushlab.settings")
    ]
    code = "\n".join(readers)

    assert [row.name for row in list_settings() if row.name not in code] == []


def test_a_row_shows_default_and_value() -> None:
    settings = change_settings(Settings(), {"tray_max": 7})

    (row,) = [row for row in list_settings(settings) if row.name == "tray_max"]

    assert (row.default, row.value) == (49, 7)


def test_a_change_makes_new_settings_and_leaves_the_old_ones() -> None:
    old = Settings()

    new = change_settings(old, {"tray_max": 7, "apns_never_reported": 0})

    assert (old.tray_max, new.tray_max) == (49, 7)
    assert new.apns_never_reported == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tray_maxx": 1}, "did you mean tray_max?"),
        ({"zzz": 1}, "`pushlab settings` lists them"),
        ({"tray_max": "7"}, "takes int"),
        ({"tray_max": 7.0}, "takes int"),
        ({"tray_max": True}, "takes int"),
        ({"apns_never_reported": True}, "takes float"),
        ({"full_user_detaches": 1}, "takes bool"),
        ({"tray_max": -1}, "never negative"),
        ({"apns_never_reported": -0.1}, "never negative"),
        ({"smtp_late_bounce_share": 4}, "is a share between 0 and 1, not 4"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(changes, words) -> None:
    with pytest.raises(MisuseError) as caught:
        change_settings(Settings(), changes)

    assert words in str(caught.value)


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().tray_max = 3  # type: ignore[misc]
