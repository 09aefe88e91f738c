"""Goal: the control API does what it promises, and says no without doing half.

Method: requests as values go into `Control.handle`, over a bench that no thread drives.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pushlab.devserver.bench import Bench
from pushlab.devserver.control import PREFIX, Control
from pushlab.lab import Lab
from pushlab_fakes.exchange import Answer, Request

TOKEN = "pushlab_control_for_tests"
HOST = "127.0.0.1"
APP = "5eedda7a-0000-4000-8000-000000000001"


class World:
    """A bench and its control API, with the token at hand."""

    def __init__(self) -> None:
        self.bench = Bench(lambda seed, start: Lab(seed or 0, start))
        self.control = Control(self.bench, TOKEN, ["push.example.test"])

    @property
    def lab(self) -> Lab:
        return self.bench.lab

    def ask(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        host: str = HOST,
        token: str | None = TOKEN,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        given = {"host": f"{host}:7575", **(headers or {})}
        if token is not None:
            given["authorization"] = f"Bearer {token}"
        url = f"http://{host}{PREFIX}{path}"
        return self.control.handle(Request.build(method, url, json=json, headers=given, body=body))

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.body
        return answer.json()

    def post(self, path: str, json: object = None) -> Any:
        answer = self.ask("POST", path, json)
        assert answer.status in {200, 201}, answer.body
        return answer.json()

    def send(self, *names: str, text: str = "Hello") -> str:
        """Send a push as the app under test does, and return its id."""
        answer = self.lab.handle(
            Request.build(
                "POST",
                "https://api.onesignal.com/notifications",
                json={
                    "app_id": APP,
                    "target_channel": "push",
                    "include_aliases": {"external_id": list(names)},
                    "contents": {"en": text},
                },
                headers={"authorization": "Key os_v2_app_test"},
            )
        )
        assert answer.status == 200, answer.body
        told: Any = answer.json()
        return str(told["id"])

    def send_mail(self, name: str, subject: str, html: str) -> str:
        """Send a mail as the app under test does, and return its id."""
        answer = self.lab.handle(
            Request.build(
                "POST",
                "https://api.onesignal.com/notifications",
                json={
                    "app_id": APP,
                    "target_channel": "email",
                    "include_aliases": {"external_id": [name]},
                    "email_subject": subject,
                    "email_body": html,
                },
                headers={"authorization": "Key os_v2_app_test"},
            )
        )
        assert answer.status == 200, answer.body
        told: Any = answer.json()
        return str(told["id"])


@pytest.fixture
def world() -> World:
    return World()


def error_of(answer: Answer) -> dict[str, str]:
    told: Any = answer.json()
    assert set(told) == {"error"}
    assert set(told["error"]) == {"what", "instead"}
    error: dict[str, str] = told["error"]
    return error


# -- who may ask -----------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN[:-1], TOKEN + "x", "ünicode"])
def test_without_the_token_nothing_is_told(world: World, token: str | None) -> None:
    answer = world.ask("GET", "clock", token=token)

    assert answer.status == 401
    assert answer.header("www-authenticate") == 'Bearer realm="pushlab"'
    assert "control_token" in error_of(answer)["instead"]


def test_another_scheme_with_the_right_token_is_refused(world: World) -> None:
    headers = {"authorization": f"Key {TOKEN}"}

    answer = world.ask("GET", "clock", token=None, headers=headers)

    assert answer.status == 401


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "10.0.0.7", "push.example.test"])
def test_own_names_and_plain_addresses_are_served(world: World, host: str) -> None:
    assert world.ask("GET", "clock", host=host).status == 200


@pytest.mark.parametrize("host", ["evil.test", "api.onesignal.com", "localhost.evil.test", ""])
def test_a_name_that_only_leads_here_is_refused(world: World, host: str) -> None:
    assert world.ask("GET", "clock", host=host).status == 403


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://127.0.0.1:1", "http://["])
def test_a_page_of_another_origin_is_refused(world: World, origin: str) -> None:
    answer = world.ask("GET", "clock", headers={"origin": origin})

    assert answer.status == 403
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]


def test_a_page_of_the_same_origin_is_served(world: World) -> None:
    answer = world.ask("GET", "clock", headers={"origin": "http://127.0.0.1:7575"})

    assert answer.status == 200
    assert answer.header("cache-control") == "no-store"


# -- which call it is ------------------------------------------------------------------------------


def test_an_unknown_path_names_the_nearest(world: World) -> None:
    answer = world.ask("GET", "device")

    assert answer.status == 404
    assert error_of(answer)["instead"] == "did you mean 'devices'?"


def test_an_unknown_method_names_those_that_are_there(world: World) -> None:
    answer = world.ask("PUT", "settings", {})

    assert answer.status == 405
    assert error_of(answer)["instead"] == "use GET or PATCH"


@pytest.mark.parametrize(
    "path", ["snapshot", "restore", f"apps/{APP}/dashboard/retarget", f"apps/{APP}/dashboard/x"]
)
def test_what_is_promised_and_not_built_says_so(world: World, path: str) -> None:
    answer = world.ask("POST", path, {})

    assert answer.status == 501
    assert "yet" in error_of(answer)["what"]


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"text"', b"12", b"null", b"\xff", b"[" * 100_000, b'{"a": 1} {}']
)
def test_a_body_that_is_no_object_is_refused(world: World, body: bytes) -> None:
    answer = world.ask("POST", "devices", body=body)

    assert answer.status == 400
    assert error_of(answer)["instead"] == "send one JSON object"


@pytest.mark.parametrize("path", ["trace?after=\udcff", "devices/\udcff", "why?device=ü"])
def test_a_url_that_is_not_encoded_is_refused(world: World, path: str) -> None:
    answer = world.ask("GET", path)

    assert answer.status == 400
    assert error_of(answer)["instead"] == "percent-encode them as UTF-8"


@pytest.mark.parametrize(
    ("method", "path", "body", "near"),
    [
        ("POST", "devices", {"platform": "android", "external": "a"}, "did you mean 'external_id'"),
        ("POST", "clock/advance", {"seconds": 1, "untl": "x"}, "did you mean 'until'"),
        ("POST", "faults", {"where": "fcm", "statu": 500}, "did you mean 'status'"),
        ("POST", "reset", {"sed": 1}, "did you mean 'seed'"),
        ("GET", "trace?afer=1", None, "did you mean 'after'"),
        ("GET", "clock?x=1", None, "leave it out"),
    ],
)
def test_an_unknown_field_is_refused_with_the_nearest(
    world: World, method: str, path: str, body: object, near: str
) -> None:
    before = world.lab.trace.digest

    answer = world.ask(method, path, body)

    assert answer.status == 400
    assert near in error_of(answer)["instead"]
    assert world.lab.trace.digest == before


# -- the clock -------------------------------------------------------------------------------------


def test_the_clock_tells_time_seed_and_what_is_due(world: World) -> None:
    told = world.get("clock")

    assert told == {
        "now": "2026-01-01T00:00:00.000Z",
        "start": "2026-01-01T00:00:00.000Z",
        "seed": 0,
        "clock": "manual",
        "next_due": None,
        "moving": None,
        "failure": None,
    }


@pytest.mark.parametrize(
    ("body", "now"),
    [
        ({"seconds": 60}, "2026-01-01T00:01:00.000Z"),
        ({"seconds": 0.25}, "2026-01-01T00:00:00.250Z"),
        ({"seconds": 0}, "2026-01-01T00:00:00.000Z"),
        ({"until": "2026-03-01T00:00:00+02:00"}, "2026-02-28T22:00:00.000Z"),
        ({"idle": True}, "2026-01-01T00:00:00.000Z"),
    ],
)
def test_an_advance_ends_where_it_was_sent(world: World, body: object, now: str) -> None:
    assert world.post("clock/advance", body)["now"] == now


def test_an_advance_in_slices_tells_the_same_as_one_in_a_piece(world: World) -> None:
    other = World()
    for each in (world, other):
        each.post("devices", {"platform": "android", "external_id": "alice", "tap_chance": 0.9})
        each.send("alice")

    world.post("clock/advance", {"seconds": 86_400 * 20})
    other.lab.advance(days=20)

    assert world.lab.trace.digest == other.lab.trace.digest


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"seconds": 1, "idle": True},
        {"idle": False},
        {"seconds": -1},
        {"seconds": "1"},
        {"seconds": True},
        {"seconds": 0.0001},
        {"seconds": 1e300},
        {"until": "yesterday"},
        {"until": "2026-02-01T00:00:00"},
        {"until": "2025-01-01T00:00:00Z"},
        {"until": ""},
        {"until": 5},
    ],
)
def test_an_advance_that_cannot_be_moves_nothing(world: World, body: object) -> None:
    answer = world.ask("POST", "clock/advance", body)

    assert answer.status == 400
    assert error_of(answer)["instead"]
    assert world.get("clock")["now"] == "2026-01-01T00:00:00.000Z"


def test_a_second_mover_is_refused_and_named(world: World) -> None:
    with world.bench.take_turn("advance the clock"):
        answer = world.ask("POST", "clock/advance", {"seconds": 1})

    assert answer.status == 409
    assert "advance the clock is at work" in error_of(answer)["what"]


def test_a_reset_waits_for_no_mover(world: World) -> None:
    lab = world.lab

    with world.bench.take_turn("advance the clock"):
        answer = world.ask("POST", "reset", {})

    assert answer.status == 409
    assert world.lab is lab


def test_only_what_moves_time_takes_a_thread_of_its_own(world: World) -> None:
    del world
    own = [
        name
        for name in ("POST clock/advance", "POST reset", "GET clock", "POST devices", "GET why")
        if Control.takes_long(Request.build(name.split()[0], f"http://h{PREFIX}{name.split()[1]}"))
    ]

    assert own == ["POST clock/advance", "POST reset"]


# -- devices ---------------------------------------------------------------------------------------


DEVICE = {
    "id",
    "platform",
    "external_id",
    "onesignal_id",
    "subscription_id",
    "token",
    "address",
    "state",
    "tray",
    "inbox",
}


@pytest.mark.parametrize(
    ("platform", "further"),
    [
        ("android", set()),
        (
            "ios",
            {"fcm_token", "live_activities", "start_tokens", "tokens", "topic", "wakeups"},
        ),
        ("web", {"browser", "fcm_token", "push_subscription"}),
        ("email", set()),
        ("sms", set()),
    ],
)
def test_a_device_reads_as_promised(world: World, platform: str, further: set[str]) -> None:
    made = world.post("devices", {"platform": platform, "external_id": "alice"})

    assert made["id"] == f"alice-{platform}"
    assert set(made) == DEVICE | further
    assert world.get(f"devices/alice-{platform}") == made
    assert world.get("devices") == {"devices": [made], "total": 1}


def test_a_browser_gives_its_push_subscription_as_browsers_do(world: World) -> None:
    made = world.post("devices", {"platform": "web", "browser": "firefox"})

    told = made["push_subscription"]
    assert told["endpoint"] == made["token"]
    assert told["endpoint"].startswith("https://updates.push.services.mozilla.com/")
    assert set(told["keys"]) == {"p256dh", "auth"}


def test_addresses_are_given_or_made_up(world: World) -> None:
    given = world.post("devices", {"platform": "email", "address": "al@example.test"})
    made_up = world.post("devices", {"platform": "sms", "external_id": "alice"})

    assert given["address"] == "al@example.test"
    assert made_up["address"].startswith("+1")


def test_tags_are_those_that_the_user_has_already(world: World) -> None:
    for platform in ("android", "email"):
        body = {"platform": platform, "external_id": "alice", "tags": {platform: 10, "vip": True}}
        world.post("devices", body)

    belief = world.lab.onesignal.belief
    user = belief.find_user(world.lab.app.row, "external_id", "alice")
    assert belief.tags.get(user) == {"android": "10", "email": "10", "vip": "true"}


def test_a_device_may_have_another_app(world: World) -> None:
    other = world.lab.add_app("other")

    world.post("devices", {"platform": "android", "name": "phone", "app": other.id})

    phone = world.lab.find_device("phone")
    assert phone is not None
    assert world.lab.fleet.devices.app[phone.row] == other.row


def test_a_device_takes_every_field_that_is_built(world: World) -> None:
    body = {
        "platform": "android",
        "external_id": "alice",
        "name": "a/b ü",
        "language": "de",
        "timezone": "Europe/Berlin",
        "fresh": False,
        "extension": True,
        "tap_chance": 1,
        "tags": {"level": 10, "vip": True},
    }

    world.post("devices", body)

    assert world.get("devices/a%2Fb%20%C3%BC")["external_id"] == "alice"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"platform": "andriod"}, 400),
        ({"platform": 1}, 400),
        ({"platform": ""}, 400),
        ({"platform": "android", "external_id": ""}, 400),
        ({"platform": "android", "external_id": 7}, 400),
        ({"platform": "android", "fresh": "yes"}, 400),
        ({"platform": "android", "fresh": True, "external_id": "alice"}, 400),
        ({"platform": "android", "tap_chance": 2}, 400),
        ({"platform": "android", "tap_chance": "0.5"}, 400),
        ({"platform": "android", "name": "here"}, 409),
        ({"platform": "web", "browser": "netscape"}, 400),
        ({"platform": "android", "browser": "chrome"}, 400),
        ({"platform": "android", "address": "a@example.test"}, 400),
        ({"platform": "email", "address": "nobody"}, 400),
        ({"platform": "sms", "address": "555"}, 400),
        ({"platform": "android", "app": "none"}, 400),
        ({"platform": "android", "tags": ["a"]}, 400),
        ({"platform": "android", "fresh": True, "tags": {"a": "b"}}, 400),
        ({"platform": "android", "tags": {"": "b"}}, 400),
        ({"platform": "android", "tags": {"a": {}}}, 400),
    ],
)
def test_a_device_that_cannot_be_is_not_made(
    world: World, body: dict[str, object], status: int
) -> None:
    world.post("devices", {"platform": "android", "name": "here"})
    before = world.lab.trace.digest

    answer = world.ask("POST", "devices", body)

    assert answer.status == status
    assert error_of(answer)["instead"]
    assert [device.id for device in world.lab.devices] == ["here"]
    assert world.lab.trace.digest == before


def test_a_device_that_is_not_there_names_the_nearest(world: World) -> None:
    world.post("devices", {"platform": "android", "external_id": "alice"})

    answer = world.ask("GET", "devices/alice-andriod")

    assert answer.status == 404
    assert error_of(answer)["instead"] == "did you mean 'alice-android'?"


def test_verbs_change_the_device_and_show_it(world: World) -> None:
    world.post("devices", {"platform": "android", "name": "phone", "fresh": True})

    shown = [
        world.post("devices/phone/install")["state"]["installed"],
        world.post("devices/phone/open_app")["state"]["app"],
        world.post("devices/phone/prompt", {"answer": "allow"})["state"]["permission"],
        world.post("devices/phone/login", {"external_id": "alice"})["external_id"],
        world.post("devices/phone/switch_notifications", {"on": False})["state"]["notifications"],
        world.post("devices/phone/go_offline")["state"]["online"],
    ]

    assert shown == [True, "foreground", "granted", "alice", False, False]


def test_verbs_with_values_take_numbers_flags_and_texts(world: World) -> None:
    world.post("devices", {"platform": "android", "external_id": "alice", "name": "phone"})

    for call, body in (
        ("add_tag", {"key": "level", "value": 10}),
        ("add_tag", {"key": "vip", "value": True}),
        ("remove_tag", {"key": "vip"}),
        ("set_language", {"code": "de"}),
        ("set_timezone", {"name": "Europe/Berlin"}),
        ("allow_location", {}),
        ("move", {"lat": 52.5, "long": 13}),
        ("purchase", {"sku": "coins", "amount": 9.99, "currency": "EUR"}),
        ("add_email", {"address": "alice@example.test"}),
        ("remove_email", {"address": "alice@example.test"}),
        ("add_sms", {"number": "+12025550123"}),
        ("remove_sms", {"number": "+12025550123"}),
    ):
        world.post(f"devices/phone/{call}", body)
    world.post("clock/advance", {"seconds": 60})

    belief = world.lab.onesignal.belief
    user = belief.find_user(world.lab.app.row, "external_id", "alice")
    assert belief.tags.get(user) == {"level": "10"}
    assert belief.profiles.spent.get(user) > 0


def test_a_verb_of_another_kind_of_device_names_those_that_fit(world: World) -> None:
    world.post("devices", {"platform": "sms", "external_id": "alice"})

    answer = world.ask("POST", "devices/alice-sms/open_app", {})

    assert answer.status == 409
    assert "that is no verb of a number" in error_of(answer)["what"]
    assert "reply" in error_of(answer)["instead"]


def test_a_mail_is_opened_and_its_link_followed(world: World) -> None:
    world.post("devices", {"platform": "email", "external_id": "alice"})
    html = '<a href="https://shop.test/">Shop</a>'
    first = world.send_mail("alice", "one", html)
    world.post("clock/advance", {"seconds": 600})
    world.send_mail("alice", "two", html)
    world.post("clock/advance", {"seconds": 600})

    opened = world.post("devices/alice-email/open_mail", {"notification": first})
    after = world.post("devices/alice-email/click_link", {"link": 0})

    assert [mail["subject"] for mail in after["inbox"]] == ["two", "one"]
    assert "leads_to" not in opened
    assert [mail["opened"] for mail in after["inbox"]] == [True, True]
    assert [mail["clicked"] for mail in after["inbox"]] == [True, False]
    assert after["inbox"][0]["links"][0]["target"] == "https://shop.test/"
    assert after["leads_to"] == "https://shop.test/"


def test_a_mail_that_is_not_there_cannot_be_opened(world: World) -> None:
    world.post("devices", {"platform": "email", "external_id": "alice"})

    answer = world.ask("POST", "devices/alice-email/open_mail", {"notification": "none"})

    assert answer.status == 409
    assert "does not show 'none'" in error_of(answer)["what"]


def test_a_tap_takes_the_message_that_it_names(world: World) -> None:
    world.post("devices", {"platform": "android", "external_id": "alice"})
    first = world.send("alice", text="one")
    world.send("alice", text="two")
    world.post("clock/advance", {"seconds": 60})

    after = world.post("devices/alice-android/tap", {"notification": first})

    assert [message["body"] for message in after["tray"]] == ["two"]


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [
        ("phone/fly", {}, 404),
        ("phone/open_ap", {}, 404),
        ("phone/document", {}, 404),
        ("phone/__init__", {}, 404),
        ("phone/upgrade", {}, 501),
        ("phone/move_to_new_phone", {}, 501),
        ("phone/reply", {"text": "STOP"}, 409),
        ("phone/open_mail", {}, 409),
        ("phone/visit", {}, 409),
        ("phone/add_tag", {}, 400),
        ("phone/add_tag", {"key": "level", "value": []}, 400),
        ("phone/add_tag", {"key": 7, "value": "10"}, 400),
        ("phone/move", {"lat": "here", "long": 1}, 400),
        ("phone/move", {"lat": 91, "long": 1}, 409),
        ("phone/allow_location", {"on": "no"}, 400),
        ("phone/purchase", {"sku": "coins"}, 400),
        ("phone/purchase", {"sku": "coins", "amount": 1, "consumable": 1}, 400),
        ("phone/add_email", {"address": "nobody"}, 409),
        ("phone/add_sms", {"number": 15551234567}, 400),
        ("nobody/open_app", {}, 404),
        ("phone/open_app", {"fast": True}, 400),
        ("phone/switch_notifications", {}, 400),
        ("phone/switch_notifications", {"on": "yes"}, 400),
        ("phone/prompt", {"answer": "perhaps"}, 400),
        ("phone/login", {}, 400),
        ("phone/login", {"external_id": ""}, 400),
        ("phone/tap", {}, 409),
        ("phone/tap", {"notification": "none"}, 409),
        ("phone/install", {}, 409),
        ("phone/go_online", {}, 409),
    ],
)
def test_a_verb_that_does_not_fit_changes_nothing(
    world: World, call: str, body: object, status: int
) -> None:
    world.post("devices", {"platform": "android", "name": "phone"})
    before = world.lab.trace.digest

    answer = world.ask("POST", f"devices/{call}", body)

    assert answer.status == status
    assert error_of(answer)["instead"]
    assert world.lab.trace.digest == before


# -- what happened ---------------------------------------------------------------------------------


def test_messages_come_newest_first_with_statistics(world: World) -> None:
    world.post("devices", {"platform": "android", "external_id": "alice"})
    first = world.send("alice", text="one")
    world.post("clock/advance", {"seconds": 60})
    second = world.send("alice", text="two")

    told = world.get("messages")

    assert [each["id"] for each in told["messages"]] == [second, first]
    assert told["messages"][1]["title"] == "one"
    assert told["messages"][1]["statistics"]["successful"] == 1
    assert told["messages"][1]["platforms"]["android"]["successful"] == 1
    assert told["total"] == 2
    assert len(world.get("messages?limit=1")["messages"]) == 1
    assert world.get("messages?limit=0")["messages"] == []


def test_why_answers_for_a_notification_or_the_newest(world: World) -> None:
    world.post("devices", {"platform": "android", "external_id": "alice"})
    world.post("devices/alice-android/go_offline")
    sent = world.send("alice")
    world.post("clock/advance", {"seconds": 60})

    told = world.get(f"why?notification={sent}&device=alice-android")

    assert [reason["rule"] for reason in told["reasons"]] == ["offline"]
    assert world.get("why?device=alice-android") == told


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("?device=", 400), ("?device=nobody", 404), ("?device=alice-android", 404)],
)
def test_why_without_something_to_ask_about_is_refused(
    world: World, query: str, status: int
) -> None:
    world.post("devices", {"platform": "android", "external_id": "alice"})

    assert world.ask("GET", f"why{query}").status == status


def test_the_trace_comes_in_numbered_pages(world: World) -> None:
    world.post("devices", {"platform": "android", "external_id": "alice"})
    world.send("alice")
    world.post("clock/advance", {"seconds": 60})

    first = world.get("trace?limit=5")
    rest = world.get(f"trace?after={first['next']}")

    entries = [*first["entries"], *rest["entries"]]
    assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry["id"] for entry in entries] == [entry.id for entry in world.lab.trace.entries()]
    assert rest["total"] == rest["next"] == len(entries)
    assert rest["digest"] == world.lab.trace.digest


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=1.5", "after=" + "9" * 30])
def test_a_page_that_cannot_be_is_refused(world: World, query: str) -> None:
    assert world.ask("GET", f"trace?{query}").status == 400


def test_a_page_beyond_the_end_is_empty(world: World) -> None:
    told = world.get("trace?after=1000")

    assert told["entries"] == []
    assert told["next"] == 1000


# -- what can go wrong -----------------------------------------------------------------------------


def test_a_fault_is_planned_listed_and_ended(world: World) -> None:
    body = {
        "where": "fcm",
        "status": 429,
        "share": 0.5,
        "start": "2026-01-02T00:00:00Z",
        "end": "2026-01-03T00:00:00Z",
    }

    made = world.post("faults", body)

    assert made["status"] == 429
    assert world.get("faults")["faults"] == [made]
    assert world.ask("DELETE", f"faults/{made['id']}").status == 200
    assert world.get("faults")["faults"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"where": "fmc"},
        {"where": "fcm", "status": 200},
        {"where": "fcm", "share": 1.5},
        {"where": "fcm", "times": 1},
        {"where": "fcm", "devices": "alice-android"},
        {"where": "fcm", "devices": ["nobody"]},
        {"where": "fcm", "person": "nobody"},
        {"where": "fcm", "start": "soon"},
        {"where": "fcm", "start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"},
    ],
)
def test_a_fault_that_cannot_be_is_not_planned(world: World, body: object) -> None:
    answer = world.ask("POST", "faults", body)

    assert answer.status == 400
    assert error_of(answer)["instead"]
    assert world.get("faults")["faults"] == []


def test_a_fault_that_is_not_planned_cannot_be_ended(world: World) -> None:
    assert world.ask("DELETE", "faults/fault-9").status == 404


# -- settings and apps -----------------------------------------------------------------------------


def test_settings_are_listed_and_changed(world: World) -> None:
    answer = world.ask("PATCH", "settings", {"retention_days": 7})

    assert answer.status == 200
    rows = {row["name"]: row for row in world.get("settings")["settings"]}
    assert rows["retention_days"]["value"] == 7
    assert rows["retention_days"]["default"] == 30
    assert rows["retention_days"]["source"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"retention_dais": 7},
        {"retention_days": "7"},
        {"retention_days": -1},
        {"retention_days": 7, "tray_max": None},
    ],
)
def test_settings_change_all_or_none(world: World, body: object) -> None:
    before = world.lab.world.settings

    answer = world.ask("PATCH", "settings", body)

    assert answer.status == 400
    assert world.lab.world.settings == before


def test_an_app_is_shown_and_changed(world: World) -> None:
    app_id = world.lab.app.id

    answer = world.ask("PATCH", f"apps/{app_id}", {"plan": "free", "receipts_enabled": False})

    assert answer.status == 200
    told = world.get(f"apps/{app_id}")
    assert told["plan"] == "free"
    assert told["receipts_enabled"] is False
    assert set(told) == {
        "id",
        "name",
        "plan",
        "receipts_enabled",
        "email_from_name",
        "email_from_address",
        "sms_from",
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"plan": "fre"}, 400),
        ({"plan": "free", "name": ""}, 400),
        ({"plan": "free", "receipts_enabled": 1}, 400),
        ({"plan": "free", "keys": ["x"]}, 400),
        ({"plan": "free", "sms_from": 5}, 400),
    ],
)
def test_an_app_changes_all_or_nothing(world: World, body: object, status: int) -> None:
    app_id = world.lab.app.id

    answer = world.ask("PATCH", f"apps/{app_id}", body)

    assert answer.status == status
    assert world.get(f"apps/{app_id}")["plan"] == "pro"


def test_a_further_app_is_changed_as_well(world: World) -> None:
    other = world.lab.add_app("other")

    answer = world.ask("PATCH", f"apps/{other.id}", {"sms_from": "+12025550199"})

    assert answer.status == 200
    assert world.get(f"apps/{other.id}")["sms_from"] == "+12025550199"
    assert world.get(f"apps/{world.lab.app.id}")["sms_from"] != "+12025550199"


def test_an_app_that_is_not_there_is_refused(world: World) -> None:
    assert world.ask("GET", "apps/none").status == 404
    assert world.ask("PATCH", "apps/none", {"plan": "free"}).status == 404


# -- reset -----------------------------------------------------------------------------------------


def test_a_reset_puts_a_fresh_lab_in_the_place_of_the_old(world: World) -> None:
    world.post("devices", {"platform": "android", "external_id": "alice"})
    world.get("trace")

    told = world.post("reset", {"seed": 7, "start": "2027-01-01T00:00:00Z"})

    assert (told["seed"], told["now"]) == (7, "2027-01-01T00:00:00.000Z")
    assert world.get("devices") == {"devices": [], "total": 0}
    assert world.get("trace")["total"] == 0


@pytest.mark.parametrize("body", [{"seed": -1}, {"seed": "x"}, {"seed": 2**64}, {"start": "x"}])
def test_a_reset_that_cannot_be_leaves_the_lab(world: World, body: object) -> None:
    lab = world.lab
    lab.device("android", name="phone")

    answer = world.ask("POST", "reset", body)

    assert answer.status == 400
    assert world.lab is lab
    assert lab.device("android", name="other").id == "other"


def test_a_caller_waits_for_the_driver_to_end_its_slice(world: World) -> None:
    taken = threading.Event()
    is_over = threading.Event()

    def drive() -> None:
        assert world.bench.offer_turn(1)
        taken.set()
        is_over.wait(5)
        world.bench.end_turn()

    driver = threading.Thread(target=drive)
    driver.start()
    taken.wait(5)
    threading.Timer(0.05, is_over.set).start()

    answer = world.ask("POST", "clock/advance", {"seconds": 1})

    driver.join(5)
    assert answer.status == 200
