"""Goal: what a server is asked for is checked before anything is begun."""

from __future__ import annotations

import pytest

from pushlab.devserver.options import Options, read_options
from pushlab.devserver.pace import parse_pace
from pushlab.errors import MisuseError

CHOSEN = {"start": "now", "clock": "60x", "app": None}


def test_what_was_chosen_is_kept_by_its_name() -> None:
    options = read_options({**CHOSEN, "port": 0, "allow": ("pay.test",), "command": "run"})

    assert options == Options(
        parse_pace("60x"), port=0, start="now", allow=("pay.test",), command="run"
    )


@pytest.mark.parametrize("app", ["id", "id:key", "id:key:with:colons"])
def test_an_app_is_an_id_and_perhaps_a_key(app: str) -> None:
    assert read_options({**CHOSEN, "app": app}).app == app


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("app", ":key", "write it as ID:KEY"),
        ("app", "id:", "write it as ID:KEY"),
        ("app", "an id", "write it as ID:KEY"),
        ("public_url", "push.test", "write https://push.example.test"),
        ("public_url", "ftp://push.test", "write https://push.example.test"),
        ("start", "yesterday", "write it like"),
        ("clock", "fast", "write manual, live or a rate"),
        ("allow", ["https://pay.test"], "allowed by its name"),
        ("smtp_hosts", ["*"], "named one by one"),
        ("smtp_hosts", ["smtp.shop.test:25"], "allowed by its name"),
    ],
)
def test_what_does_not_fit_is_told_of(name: str, value: str, message: str) -> None:
    with pytest.raises(MisuseError, match=message):
        read_options({**CHOSEN, name: value})


@pytest.mark.parametrize(
    ("bind", "is_public"),
    [
        ("127.0.0.1", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", True),
        ("shop.test", True),
    ],
)
def test_a_port_is_public_when_other_machines_reach_it(bind: str, *, is_public: bool) -> None:
    assert Options(parse_pace("live"), bind=bind).is_public is is_public
