"""Goal: the fixture, its marker and its reports. Method: a user's file runs inside (pytester).

The inner runs treat warnings as errors. Those in a process of their own are few, because each
costs a second; the others share this process, and so this process's edge.
"""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

# An inner run forgets what it is the first to import, and numpy cannot be imported twice.
for name in ("aiohttp", "cryptography.x509", "freezegun", "pushlab.lab"):
    import_module(name)

QUIET = ("-W", "error", "-o", "asyncio_default_fixture_loop_scope=function")
APP = """
import json
import urllib.error
import urllib.request

import pytest

from pushlab import InternalError, MisuseError

APP_ID = "8f7c9c4e-1a55-4ff1-8d0e-0d9b6a0f3f2a"
HEADERS = {"Authorization": "Key os_v2_app_made_up", "Content-Type": "application/json"}


def call(path, document, host="http://api.onesignal.com"):
    body = json.dumps({"app_id": APP_ID, **document}).encode()
    request = urllib.request.Request(host + path, body, HEADERS)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def send(title, *, host="http://api.onesignal.com", **more):
    document = {
        "include_aliases": {"external_id": ["alice"]},
        "target_channel": "push",
        "headings": {"en": title},
        "contents": {"en": "Hi"},
    }
    return call("/notifications", document | more, host)["id"]


def swallow(path, host="http://api.onesignal.com"):
    try:
        call(path, {}, host)
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        pass

"""


@pytest.fixture
def run(pytester):
    """Return a function that runs a user's test file in this process."""

    def run(source, *options):
        pytester.makepyfile(APP + source)
        # What was left open is looked for by the run around this one.
        return pytester.runpytest_inprocess(*QUIET, "-p", "no:unraisableexception", *options)

    return run


@pytest.fixture
def run_apart(pytester, monkeypatch):
    """Return a function that runs a user's test file in a process of its own."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run_apart(source, *options, interpreter=()):
        pytester.makepyfile(source)
        arguments = (*interpreter, "-W", "error", "-m", "pytest", "-p", "pushlab.pytest_plugin")
        return pytester.run(sys.executable, *arguments, "-W", "error", *options, timeout=60)

    return run_apart


class TestFixture:
    def test_it_answers_for_the_vendors_host(self, run):
        result = run("""
def test_welcome(pushlab):
    phone = pushlab.device("android", external_id="alice")
    send("Welcome!", host="https://api.onesignal.com")
    pushlab.advance(minutes=5)
    assert phone.tray[0].title == "Welcome!"
""")

        result.assert_outcomes(passed=1)

    def test_each_test_has_a_fresh_lab_at_one_address_and_the_last_one_is_closed(self, run):
        result = run("""
seen = []

@pytest.mark.parametrize("turn", range(3))
def test_turn(pushlab, turn):
    assert pushlab.devices == []
    pushlab.device("android", external_id="alice")
    swallow("/notifications", host=pushlab.endpoints.onesignal)
    seen.append((pushlab, pushlab.endpoints.onesignal))

def test_after_them(pushlab):
    labs, addresses = zip(*seen)
    assert set(addresses) == {pushlab.endpoints.onesignal}
    assert len({id(lab) for lab in labs}) == 3
    with pytest.raises(MisuseError, match="closed"):
        labs[0].device("android")
""")

        result.assert_outcomes(passed=4)

    def test_another_lab_may_live_beside_it(self, run):
        result = run("""
from pushlab import Lab

def test_two(pushlab):
    with Lab(seed=1) as other:
        other.serve()
        assert other.endpoints.onesignal != pushlab.endpoints.onesignal
        with pytest.raises(MisuseError, match="another lab"):
            other.redirect()
        phone = other.device("android", external_id="alice")
        call("/notifications", {
            "include_aliases": {"external_id": ["alice"]}, "target_channel": "push",
            "contents": {"en": "Hi"},
        }, host=other.endpoints.onesignal)
        other.advance(minutes=1)
        assert len(phone.tray) == 1
    assert pushlab.trace.count == 0
""")

        result.assert_outcomes(passed=1)

    def test_what_is_merely_due_later_fails_nothing(self, run):
        result = run("""
def test_in_flight(pushlab):
    pushlab.device("android", external_id="alice")
    send("Later", send_after="2026-01-02T00:00:00Z")
    send("Now")
""")

        result.assert_outcomes(passed=1)

    def test_test_cases_of_unittest_may_use_it(self, run):
        result = run("""
import unittest

class TestShop(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _use(self, pushlab):
        self.lab = pushlab

    def test_good(self):
        self.lab.advance(seconds=1)

    def test_bad(self):
        swallow("/apps/%s/journeys" % APP_ID)
""")

        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(["pushlab: *does not serve POST /apps/{app_id}/journeys*"])


class TestOptions:
    def test_a_marker_gives_options_and_the_nearest_one_wins(self, run):
        result = run("""
pytestmark = pytest.mark.pushlab(seed=1, start="2027-05-01T00:00:00Z", plan="free")

@pytest.mark.pushlab(seed=2, settings={"tray_max": 3}, app=APP_ID + ":key")
def test_options(pushlab):
    assert pushlab.seed == 2
    assert pushlab.now == 1_809_129_600_000
    assert pushlab.world.settings.tray_max == 3
    assert (pushlab.app.id, pushlab.app.key, pushlab.app.plan) == (APP_ID, "key", "free")
""")

        result.assert_outcomes(passed=1)

    def test_fixtures_may_be_overridden(self, run):
        result = run("""
@pytest.fixture
def pushlab_options():
    return {"plan": "growth", "seed": 3}

@pytest.fixture
def pushlab_start():
    return "2027-05-01T00:00:00Z"

def test_options(pushlab):
    assert (pushlab.seed, pushlab.now, pushlab.app.plan) == (3, 1_809_129_600_000, "growth")

@pytest.mark.pushlab(seed=4)
def test_marker(pushlab):
    assert (pushlab.seed, pushlab.app.plan) == (4, "growth")

class TestSeed:
    @pytest.fixture
    def pushlab_options(self):
        return {}

    @pytest.fixture
    def pushlab_seed(self):
        return 5

    def test_seed(self, pushlab):
        assert (pushlab.seed, pushlab.app.plan) == (5, "pro")
""")

        result.assert_outcomes(passed=3)

    def test_the_seed_of_the_command_line_gives_way_to_a_marker_only(self, run):
        result = run(
            """
@pytest.fixture
def pushlab_seed():
    return 5

def test_seed(pushlab):
    assert pushlab.seed == 18446744073709551615

@pytest.mark.pushlab(seed=4)
def test_marker(pushlab):
    assert pushlab.seed == 4
""",
            "--pushlab-seed=18446744073709551615",
        )

        result.assert_outcomes(passed=2)
        result.stdout.fnmatch_lines(["pushlab: seed 18446744073709551615"])

    @pytest.mark.parametrize("seed", ["-1", "x", "18446744073709551616", "1.5"])
    def test_a_seed_that_is_none_is_refused(self, pytester, seed):
        result = pytester.runpytest_inprocess(f"--pushlab-seed={seed}")

        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*a seed is a whole number from 0 to 2[*][*]64 - 1*"])

    @pytest.mark.parametrize(
        ("marker", "text"),
        [
            ("sed=1", "@pytest.mark.pushlab has no option 'sed'; did you mean 'seed'; it takes *"),
            ("1", "@pytest.mark.pushlab takes its options by name, as in *seed=7*, not 1"),
            (
                "plan='gold'",
                "the options of the fixture pushlab do not fit: there is no plan *",
            ),
            ("start='soon'", "*do not fit: 'soon' is no instant*"),
            ("seed='x'", "*do not fit: a seed is a whole number*"),
            ("allow='a.test'", "@pytest.mark.pushlab: allow is a list of hosts*"),
            ("allow=['http://a.test']", "*allow takes names of hosts*"),
        ],
    )
    def test_an_option_that_does_not_fit_is_explained(self, run, marker, text):
        result = run(f"""
@pytest.mark.pushlab({marker})
def test_marked(pushlab):
    pass
""")

        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines([text])

    def test_an_option_of_the_fixture_that_does_not_fit_is_explained(self, run):
        result = run("""
@pytest.fixture
def pushlab_options():
    return {"plans": "free"}

def test_options(pushlab):
    pass
""")

        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["the fixture pushlab_options has no option 'plans'; *'plan'*"])

    def test_without_the_redirect_the_vendors_hosts_are_left_alone(self, run):
        result = run("""
import socket

look_up = socket.getaddrinfo

@pytest.mark.pushlab(redirect=False)
def test_base_url(pushlab):
    assert socket.getaddrinfo is look_up
    swallow("/notifications", host=pushlab.endpoints.onesignal)
    assert "RequestReceived" in [entry.kind for entry in pushlab.trace.entries()]
""")

        result.assert_outcomes(passed=1)

    def test_the_marker_is_registered(self, pytester):
        result = pytester.runpytest_inprocess("--markers", *QUIET)

        result.stdout.fnmatch_lines(["@pytest.mark.pushlab(seed=, start=, allow=, *"])


class TestProblems:
    """What a lab holds against a test makes it fail, not err, though the app swallowed it."""

    def test_an_unbuilt_call_fails_the_test(self, run):
        result = run("""
def test_segment(pushlab):
    swallow("/apps/%s/journeys" % APP_ID)
""")

        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["pushlab: *does not serve POST /apps/{app_id}/journeys*"])

    def test_a_refused_vendor_fails_the_test_and_says_how_to_allow_it(self, run):
        result = run("""
def test_sms(pushlab):
    swallow("/1.1/transactional", host="https://api.batch.com")
""")

        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            ["pushlab: api.batch.com is *that no fake serves*Served here: *allow=*api.batch.com*"]
        )

    def test_a_webhook_to_a_strange_host_fails_the_test_once(self, run):
        result = run("""
def test_hook(pushlab):
    pushlab.observe_subscriptions("https://shop.test/hook")
    pushlab.device("android", external_id="alice").opt_out()
    pushlab.advance(minutes=1)
    assert pushlab.webhooks[0].error
""")

        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["pushlab: a request to shop.test was refused*lab.mount*"])
        result.stdout.no_fnmatch_line("*nobody answered*")

    def test_a_webhook_that_nobody_answers_fails_the_test(self, run):
        result = run("""
import socket

def test_hook(pushlab):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    pushlab.observe_subscriptions(f"http://127.0.0.1:{port}/hook")
    pushlab.device("android", external_id="alice").opt_out()
    pushlab.advance(minutes=1)
""")

        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["pushlab: nobody answered <webhook subscription observer *>"])

    def test_a_webhook_that_is_answered_with_an_error_is_answered(self, run):
        result = run("""
def test_hook(pushlab):
    pushlab.mount("https://shop.test", lambda request: 503)
    pushlab.observe_subscriptions("https://shop.test/hook")
    pushlab.device("android", external_id="alice").opt_out()
    pushlab.advance(minutes=1)
    assert [hook.status for hook in pushlab.webhooks] == [503]
""")

        result.assert_outcomes(passed=1)

    BROKEN = """
@pytest.fixture
def broken(pushlab, monkeypatch):
    def handle(request):
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(pushlab.onesignal, "handle", handle)
"""

    def test_an_error_inside_a_fake_is_raised_with_its_cause(self, run):
        result = run(f"""{self.BROKEN}
def test_broken(pushlab, broken):
    swallow("/notifications")
""")

        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [
                '*raise ZeroDivisionError("boom")',
                "*The above exception was the direct cause*",
                "E *InternalError: a fake broke while it served a request: *boom*",
            ]
        )
        result.stdout.no_fnmatch_line("*def pytest_runtest_call*")

    def test_an_error_inside_a_fake_is_raised_at_the_next_touch(self, run):
        result = run(f"""{self.BROKEN}
def test_broken(pushlab, broken):
    swallow("/notifications")
    with pytest.raises(InternalError):
        pushlab.device("android")
""")

        result.assert_outcomes(passed=1)

    def test_a_test_that_fails_by_itself_fails_once_and_tells_the_problems_beside(self, run):
        result = run(f"""{self.BROKEN}
def test_broken(pushlab, broken):
    swallow("/v1", host="https://api.batch.com")
    swallow("/notifications")
    assert False, "mine"
""")

        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [
                "E *AssertionError: mine",
                "-* pushlab -*",
                "problem: a fake broke *boom*",
                "problem: api.batch.com is *",
                "replay: --pushlab-seed=0",
            ]
        )

    def test_a_test_that_is_expected_to_fail_may_fail_by_a_problem(self, run):
        result = run("""
@pytest.mark.xfail(strict=True)
def test_sms(pushlab):
    swallow("/v1", host="https://api.batch.com")

@pytest.mark.xfail(strict=True)
def test_raised(pushlab):
    call("/v1", {}, host="https://api.batch.com")

def test_skipped(pushlab):
    swallow("/v1", host="https://api.batch.com")
    pytest.skip("not today")
""")

        result.assert_outcomes(xfailed=2, skipped=1)

    def test_what_goes_wrong_while_fixtures_end_is_an_error_there(self, run):
        result = run("""
@pytest.fixture
def farewell(pushlab):
    yield
    swallow("/apps/%s/journeys" % APP_ID)

def test_passes(farewell):
    pass
""")

        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(["pushlab: *does not serve POST /apps/{app_id}/journeys*"])


class TestReports:
    def test_a_failed_test_shows_the_last_lines_and_how_to_replay_it(self, run):
        result = run(
            """
def test_fails(pushlab):
    pushlab.device("android", external_id="alice")
    pushlab.advance(minutes=5)
    for turn in range(40):
        send(f"Number {turn}")
    pushlab.advance(days=2)
    assert not pushlab.devices
""",
            "--pushlab-seed=7",
            "--show-capture=all",
        )

        lines = result.outlines
        start = next(i for i, line in enumerate(lines) if line.strip("-") == " pushlab ")
        end = lines.index("replay: --pushlab-seed=7")
        assert lines[start + 1].startswith("from 2026-01-01T00:00:00.000Z to 2026-01-03T00:05:00")
        assert lines[start + 2].endswith(" earlier entries")
        assert end - start - 3 == 40
        assert all(line.startswith("+00:0") for line in lines[start + 3 : end])

    def test_a_test_that_passes_says_nothing(self, run):
        result = run(
            """
def test_passes(pushlab):
    pushlab.device("android")
""",
            "-rA",
        )

        result.stdout.no_fnmatch_line("*replay:*")

    def test_an_empty_tray_says_why(self, run):
        result = run("""
def test_offline(pushlab):
    phone = pushlab.device("android", external_id="alice")
    phone.go_offline()
    send("Welcome!")
    pushlab.advance(minutes=5)
    assert phone.tray[0].title == "Welcome!"
""")

        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [
                "E *EmptyTrayError: the tray of alice-android holds 0 messages at *",
                "E *why: notification *: the device is offline since * [[]offline[]]",
                "*DeviceWentOffline device=alice-android",
                "replay: --pushlab-seed=0",
            ]
        )
        result.stdout.no_fnmatch_line("*def __getitem__*")

    def test_a_misuse_is_shown_at_the_line_of_the_test_and_not_inside_pushlab(self, run):
        result = run("""
def test_typo(pushlab):
    pushlab.fault("apns POST /3/device", how="loost")

def test_closed(pushlab):
    pushlab.close()
    pushlab.advance(minutes=1)
""")

        result.stdout.fnmatch_lines(
            [
                '>*pushlab.fault("apns POST /3/device", how="loost")',
                "E *MisuseError: nothing goes wrong like 'loost'; did you mean 'lost'?",
                "*.py:*: MisuseError",
                "-* pushlab -*",
            ]
        )
        result.stdout.fnmatch_lines([">*pushlab.advance(minutes=1)", "E *this lab is closed*"])
        result.stdout.no_fnmatch_line("*check_fault*")
        result.stdout.no_fnmatch_line("*contextlib*")

    def test_a_failed_test_names_the_fault_that_met_nothing(self, run):
        result = run("""
def test_typo(pushlab):
    pushlab.fault("onesignal POST /notification", status=429)
    pushlab.fault("onesignal POST /notifications", status=429)
    pushlab.fault("fcm", status=429)
    swallow("/notifications")
    assert False
""")

        result.stdout.fnmatch_lines(
            ["fault fault-1 at 'onesignal POST /notification' has struck nothing"]
        )
        result.stdout.no_fnmatch_line("fault fault-[[]23[]] *has struck nothing")

    def test_a_comparison_with_a_tray_is_told_place_by_place(self, run):
        result = run("""
def test_two(pushlab):
    phone = pushlab.device("android", external_id="alice")
    send("One")
    pushlab.advance(minutes=1)
    before = list(phone.tray)
    send("Two")
    pushlab.advance(minutes=1)
    assert phone.tray == [*before, "Three", "Four"]

def test_other_side(pushlab):
    phone = pushlab.device("android", external_id="alice")
    send("One")
    pushlab.advance(minutes=1)
    assert [] == phone.tray
""")

        result.assert_outcomes(failed=2)
        result.stdout.fnmatch_lines(
            [
                "E *assert <tray of alice-android: 'Two': 'Hi', 'One': 'Hi'> == *",
                "E * [[]0[]] shows 'Two': 'Hi', expected 'One': 'Hi'",
                "E * [[]1[]] shows 'One': 'Hi', expected 'Three'",
                "E * [[]2[]] shows nothing, expected 'Four'",
                "E * why: notification *: it was delivered *",
                "E * [[]0[]] shows 'One': 'Hi', expected nothing",
            ]
        )

    def test_an_inbox_is_told_as_a_tray_is(self, run):
        result = run("""
MAIL = {"target_channel": "email", "email_subject": "News", "email_body": "<p>Hi</p>"}

def test_empty(pushlab):
    mailbox = pushlab.device("email", external_id="alice")
    mailbox.close()
    send("News", **MAIL)
    pushlab.advance(days=5)
    assert mailbox.inbox[0].subject == "News"

def test_other(pushlab):
    mailbox = pushlab.device("email", external_id="alice")
    send("News", **MAIL)
    pushlab.advance(minutes=10)
    assert mailbox.inbox == ["Offers"]
""")

        result.assert_outcomes(failed=2)
        result.stdout.fnmatch_lines(
            [
                "E *EmptyInboxError: the inbox of alice-email holds 0 messages at *",
                "E *why: notification *[[]bounced[]]",
                "E *assert <inbox of alice-email: 'News' from *> == [[]'Offers'[]]",
                "E * [[]0[]] shows 'News' from *, expected 'Offers'",
                "E * why: notification *: it lies in the inbox [[]delivered[]]",
            ]
        )

    def test_a_report_moves_no_time_and_survives_a_lab_in_disorder(self, run):
        result = run("""
from freezegun import freeze_time

def test_frozen(pushlab, request):
    pushlab.device("android")
    pushlab.advance(seconds=1)
    freeze = freeze_time("2026-02-01T00:00:00Z")
    request.addfinalizer(freeze.stop)
    freeze.start()
    assert False

def test_disorder(pushlab):
    pushlab.world.trace.list_last = None
    assert False
""")

        result.assert_outcomes(failed=2)
        result.stdout.fnmatch_lines(
            [
                "from 2026-01-01T00:00:00.000Z to 2026-01-01T00:00:01.000Z, seed 0",
                "the timeline cannot be shown: TypeError(*",
                "replay: --pushlab-seed=0",
            ]
        )


class TestLoops:
    """Tests on a loop use the same fixture."""

    BODY = """
import asyncio
import aiohttp

async def ask(lab):
    phone = lab.device("android", external_id="alice")
    heard = []

    async def hook(request):
        heard.append(request.purpose)

    lab.mount("https://shop.test", hook)
    lab.observe_subscriptions("https://shop.test/hook")
    phone.opt_out()
    with pytest.raises(MisuseError, match="await lab.advance_async"):
        lab.advance(minutes=1)
    await lab.advance_async(minutes=1)
    assert heard == ["subscription observer"]
"""

    @pytest.mark.parametrize(("mode", "mark"), [("strict", "@pytest.mark.asyncio"), ("auto", "")])
    def test_pytest_asyncio(self, run, mode, mark):
        result = run(
            f"""{self.BODY}
{mark}
async def test_sends(pushlab):
    await ask(pushlab)
    async with aiohttp.ClientSession() as session:
        url = "https://api.onesignal.com/notifications"
        async with session.post(url, json={{"app_id": APP_ID}}, headers=HEADERS) as answer:
            assert answer.status == 400

{mark}
async def test_fails(pushlab):
    swallow("/apps/%s/journeys" % APP_ID)
""",
            "-o",
            f"asyncio_mode={mode}",
        )

        result.assert_outcomes(passed=1, failed=1)

    def test_anyio_on_asyncio_and_trio(self, run):
        result = run(f"""{self.BODY}
import httpx

@pytest.mark.anyio
async def test_sends(pushlab):
    await ask(pushlab)
    async with httpx.AsyncClient() as client:
        url = "https://api.onesignal.com/notifications"
        answer = await client.post(url, json={{"app_id": APP_ID}}, headers=HEADERS)
    assert answer.status_code == 400
""")

        result.assert_outcomes(passed=2)


class TestFrozenClocks:
    """One clock: whichever fixture is asked for first."""

    def test_a_frozen_clock_is_the_labs_start(self, run):
        result = run("""
import datetime
from freezegun import freeze_time

@pytest.fixture
def freezer():
    with freeze_time("2030-06-01T12:00:00Z") as clock:
        yield clock

def check(lab):
    lab.device("android")
    lab.advance(hours=1)
    assert datetime.datetime.now(datetime.UTC).isoformat() == "2030-06-01T13:00:00+00:00"

def test_lab_first(pushlab, freezer):
    check(pushlab)

def test_freezer_first(freezer, pushlab):
    check(pushlab)

@freeze_time("2030-06-01T12:00:00Z")
def test_decorator(pushlab):
    check(pushlab)
""")

        result.assert_outcomes(passed=3)


class TestProcesses:
    def test_a_strict_run_leaves_nothing_behind(self, run_apart):
        result = run_apart(
            APP
            + """
import threading

@pytest.mark.parametrize("turn", range(2))
def test_sends(pushlab, turn):
    pushlab.device("android", external_id="alice")
    send("Welcome!")
    assert "pushlab-edge" in [thread.name for thread in threading.enumerate()]

@pytest.fixture(scope="session", autouse=True)
def told(request):
    manager = request.config.pluginmanager

    class Last:
        @pytest.hookimpl(trylast=True)
        def pytest_unconfigure(self):
            print("threads:", [thread.name for thread in threading.enumerate()])

    manager.register(Last())
""",
            interpreter=("-X", "dev"),
        )

        result.assert_outcomes(passed=2)
        assert result.stderr.lines == []
        result.stdout.fnmatch_lines(["threads: ['MainThread']"])

    def test_workers_of_xdist_have_an_edge_each(self, run_apart):
        result = run_apart(
            APP
            + """
@pytest.mark.parametrize("turn", range(6))
def test_sends(pushlab, turn):
    phone = pushlab.device("android", external_id="alice")
    send("Welcome!")
    pushlab.advance(minutes=1)
    assert phone.tray[0].title == ("Welcome!" if turn else "Bye!")
""",
            "-p",
            "xdist",
            "-n2",
            "--pushlab-seed=9",
        )

        result.assert_outcomes(passed=5, failed=1)
        result.stdout.fnmatch_lines(["-* pushlab -*", "+00:00:* MessageArrived *", "replay: *=9"])
        assert result.stderr.lines == []

    def test_a_suite_without_the_fixture_imports_nothing_heavy(self, pytester, run_apart):
        pytester.makeconftest("""
import sys

def pytest_unconfigure():
    heavy = {"aiohttp", "cryptography", "msgspec", "numpy"}
    print("heavy:", sorted(heavy & sys.modules.keys()))
""")

        result = run_apart("def test_nothing(): pass")

        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["heavy: []"])
