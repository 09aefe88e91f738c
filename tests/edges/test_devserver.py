"""Goal: the dev server stands behind one port, moves time beside it, and leaves nothing behind.

Method: a server in this process, asked over real sockets; and `pushlab serve` as a process of its
own, ended as people end it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pushlab.cli import main
from pushlab.devserver.options import Options
from pushlab.devserver.pace import parse_pace
from pushlab.devserver.server import DevServer
from pushlab.errors import MisuseError
from pushlab_testing.mail import hand_over

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushlab.timeline import Told
    from pushlab_fakes.wire.edge import Edge

WAIT_S = 20.0
START = "2026-01-01T00:00:00Z"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Served:
    """A running server and what it said."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.told: list[Told] = []
        self.reports: list[str] = []
        self.is_told = threading.Event()
        options.setdefault("pace", parse_pace("manual"))
        self.server = DevServer(
            Options(
                port=options.pop("port", 0),
                start=options.pop("start", START),
                ready_file=options.pop("ready_file", folder / "ready.json"),
                **options,
            ),
            show=self.show,
            report=self.reports.append,
        )

    def show(self, told: list[Told]) -> None:
        self.told += told
        self.is_told.set()

    @property
    def ready(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.server.ready_file.read_bytes())
        return told

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Ask the control API."""
        headers = {"Authorization": f"Bearer {self.ready['control_token']}"}
        return fetch(method, self.ready["control"] + path, body, headers)

    def send(self, *names: str, **content: object) -> tuple[int, Any]:
        """Send a push, or what *content* says, as the program under test does."""
        body = {
            "app_id": self.ready["app_id"],
            "target_channel": "push",
            "include_aliases": {"external_id": list(names)},
            "contents": {"en": "Hello"},
            **content,
        }
        headers = {"Authorization": f"Key {self.ready['app_key']}"}
        return fetch("POST", f"{self.ready['onesignal']}/notifications", body, headers)


def fetch(
    method: str, url: str, body: object = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    try:
        with OPENER.open(request, timeout=WAIT_S) as answer:
            status, content = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            status, content = error.code, error.read()
    try:
        return status, json.loads(content)
    except ValueError:
        return status, content.decode()


@contextlib.contextmanager
def serving(folder: Path, **options: Any) -> Iterator[Served]:
    served = Served(folder, **options)
    served.server.start()
    try:
        yield served
    finally:
        served.server.stop()


@pytest.fixture
def served(edge: Edge, tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as running:
        yield running


# -- one port --------------------------------------------------------------------------------------


def test_a_push_goes_from_one_api_to_the_other(served: Served) -> None:
    served.ask("POST", "devices", {"platform": "android", "external_id": "alice"})
    status, sent = served.send("alice")
    served.ask("POST", "clock/advance", {"seconds": 60})

    _, phone = served.ask("GET", "devices/alice-android")

    assert status == 200
    assert [message["notification_id"] for message in phone["tray"]] == [sent["id"]]


def test_the_ready_file_says_what_answers(served: Served) -> None:
    ready = served.ready

    assert list(ready) == [
        "onesignal",
        "fcm",
        "webpush",
        "twilio",
        "apns",
        "smtp",
        "smtp_starttls",
        "smtp_tls",
        "tls",
        "control",
        "ca_file",
        "child_files",
        "app_id",
        "app_key",
        "organization_key",
        "control_token",
        "pid",
    ]
    assert ready["pid"] == os.getpid()
    assert ready["control"] == f"{ready['onesignal']}/_pushlab/api/"


@pytest.mark.parametrize(
    ("key", "path", "said"),
    [
        ("onesignal", "/notifications", "app_id"),
        ("fcm", "/v1/projects/shop/messages:send", "UNAUTHENTICATED"),
        ("webpush", "/fcm/send/no-such-endpoint", ""),
        ("twilio", "/2010-04-01/Accounts/AC1/Messages.json", "20003"),
    ],
)
def test_each_url_of_the_ready_file_is_its_services_own(
    served: Served, key: str, path: str, said: str
) -> None:
    status, answer = fetch("POST", served.ready[key] + path, {})

    assert 400 <= status < 500
    assert said in str(answer)


def test_apns_answers_over_http2_at_its_address(served: Served) -> None:
    context = ssl.create_default_context(cafile=served.ready["ca_file"])

    with httpx.Client(http1=False, http2=True, verify=context, trust_env=False) as client:
        answer = client.post(f"https://{served.ready['apns']}/3/device/abc", json={})

    assert (answer.http_version, answer.json()) == ("HTTP/2", {"reason": "MissingProviderToken"})


def test_the_keys_of_the_ready_file_are_taken(served: Served) -> None:
    ready = served.ready
    headers = {"Authorization": f"Key {ready['organization_key']}"}

    status, apps = fetch("GET", f"{ready['onesignal']}/apps", None, headers)

    assert status == 200
    assert isinstance(apps, list)
    assert served.send("alice")[0] == 200


@pytest.mark.parametrize(("pace", "has_rates"), [("live", True), ("60x", True), ("manual", False)])
def test_the_vendors_rates_hold_where_time_is_live(
    edge: Edge, tmp_path: Path, pace: str, *, has_rates: bool
) -> None:
    with serving(tmp_path, pace=parse_pace(pace)) as served:
        _, told = served.ask("GET", "settings")

    values = {row["name"]: row["value"] for row in told["settings"]}
    assert values["twilio_rates"] is has_rates


def test_the_port_is_a_proxy_and_refuses_who_is_not_served(served: Served) -> None:
    proxies = urllib.request.ProxyHandler({"http": served.ready["onesignal"]})
    opener = urllib.request.build_opener(proxies)

    with pytest.raises(urllib.error.HTTPError) as refused:
        opener.open("http://api.batch.com/", timeout=WAIT_S)
    with refused.value as error:
        text = error.read().decode()

    assert error.code == 403
    assert "say `pushlab serve --allow api.batch.com`" in text
    assert len(served.server.refused) == 1


def test_the_mail_server_takes_mail_at_its_addresses(served: Served) -> None:
    host, _, port = served.ready["smtp"].rpartition(":")

    with smtplib.SMTP(host, int(port), timeout=WAIT_S) as client:
        client.ehlo()

        assert client.has_extn("dsn")


def test_the_port_speaks_tls_for_who_trusts_the_ca_file(served: Served) -> None:
    context = ssl.create_default_context(cafile=served.ready["ca_file"])
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )

    with opener.open(f"https://{served.ready['tls']}/", timeout=WAIT_S) as answer:
        text = answer.read().decode()

    assert text.startswith("This is pushlab")


def test_whoever_opens_the_address_is_greeted_and_told_what_is_to_come(served: Served) -> None:
    greeting = fetch("GET", served.ready["onesignal"])
    page = fetch("GET", f"{served.ready['onesignal']}/_pushlab/")

    assert greeting[0] == 200
    assert "pushlab ctl --help" in greeting[1]
    assert page[0] == 501


def test_the_control_api_needs_the_token_over_the_wire_too(served: Served) -> None:
    url = f"{served.ready['control']}clock/advance"

    assert fetch("POST", url, {"seconds": 1})[0] == 401
    assert fetch("OPTIONS", url)[0] == 401


def test_an_error_in_a_fake_is_reported_and_the_server_goes_on(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = served.server.bench.lab
    with monkeypatch.context() as patch:
        patch.setattr(lab.onesignal, "handle", lambda _request: 1 // 0)
        status, _ = served.send("alice")

    assert status == 500
    assert served.reports == ["a fake broke: ZeroDivisionError: integer division or modulo by zero"]
    assert served.ask("POST", "devices", {"platform": "ios"})[0] == 201


def test_a_reset_changes_the_lab_behind_the_address(served: Served) -> None:
    served.ask("POST", "devices", {"platform": "ios", "external_id": "alice"})

    status, clock = served.ask("POST", "reset", {"seed": 5})

    assert (status, clock["seed"]) == (200, 5)
    assert served.ask("GET", "devices")[1]["total"] == 0


# -- time ------------------------------------------------------------------------------------------


def test_a_live_clock_moves_by_itself_and_tells_what_happens(edge: Edge, tmp_path: Path) -> None:
    with serving(tmp_path, pace=parse_pace("600x")) as served:
        served.ask("POST", "devices", {"platform": "android", "external_id": "alice"})
        served.send("alice")
        wait_for(served, "shows “Hello”")

        _, clock = served.ask("GET", "clock")

    assert clock["clock"] == "600x"
    assert clock["now"] > START


def test_a_live_clock_is_advanced_by_hand_all_the_same(edge: Edge, tmp_path: Path) -> None:
    with serving(tmp_path, pace=parse_pace("live")) as served:
        answers = [served.ask("POST", "clock/advance", {"seconds": 86_400}) for _ in range(10)]

    assert [status for status, _ in answers] == [200] * 10
    assert answers[-1][1]["now"].startswith("2026-01-11T")


def wait_for(served: Served, what: str) -> None:
    """Wait until the timeline has told *what*."""
    while not any(told.what == what for told in served.told):
        served.is_told.clear()
        assert served.is_told.wait(WAIT_S), f"nothing told {what!r}: {served.told}"


@contextlib.contextmanager
def a_webhook_server(answer: Any) -> Iterator[str]:
    """Serve an app that answers webhooks by calling *answer*; yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    app = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=app.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{app.server_port}/hook"
    finally:
        app.shutdown()
        thread.join(WAIT_S)
        app.server_close()


def test_a_webhook_handler_may_call_the_fakes_while_time_stands(served: Served) -> None:
    answers = []

    with a_webhook_server(lambda: answers.append(served.send("alice"))) as url:
        served.server.bench.lab.observe_subscriptions(url)
        served.ask("POST", "devices", {"platform": "android", "name": "phone"})
        served.ask("POST", "devices/phone/login", {"external_id": "alice"})
        served.ask("POST", "devices/phone/opt_out")
        status, _ = served.ask("POST", "clock/advance", {"seconds": 60})

    assert status == 200
    assert [status for status, _ in answers] == [200]


def test_a_webhook_handler_that_would_move_time_is_refused_at_once(served: Served) -> None:
    answers = []

    def advance() -> None:
        answers.append(served.ask("POST", "clock/advance", {"seconds": 1}))
        answers.append(served.ask("POST", "reset", {}))

    with a_webhook_server(advance) as url:
        served.server.bench.lab.observe_subscriptions(url)
        served.ask("POST", "devices", {"platform": "android", "name": "phone"})
        served.ask("POST", "devices/phone/opt_out")
        status, _ = served.ask("POST", "clock/advance", {"seconds": 60})

    assert status == 200
    assert [status for status, _ in answers] == [409, 409]
    assert url in answers[0][1]["error"]["what"]


# -- beginning and end -----------------------------------------------------------------------------


def test_a_port_that_is_taken_is_named_and_nothing_is_left(edge: Edge, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        served = Served(tmp_path, port=port)

        with pytest.raises(MisuseError, match=f"port {port} is taken.*--port 0 for any free one"):
            served.server.start()

    assert list(tmp_path.iterdir()) == []


def test_an_address_of_another_machine_is_refused(edge: Edge, tmp_path: Path) -> None:
    served = Served(tmp_path, bind="192.0.2.1")

    with pytest.raises(MisuseError, match=r"cannot listen at 192\.0\.2\.1:0.*address of this"):
        served.server.start()


def test_a_ready_file_that_cannot_be_written_ends_the_server(edge: Edge, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    served = Served(tmp_path, ready_file=tmp_path / "file" / "ready.json")

    with pytest.raises(MisuseError, match="cannot write"):
        served.server.start()


def test_a_server_takes_its_files_with_it(edge: Edge, tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        ca_file = Path(served.ready["ca_file"])
        assert ca_file.exists()

    assert not ca_file.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_public_url_is_what_clients_are_told(edge: Edge, tmp_path: Path) -> None:
    with serving(tmp_path, public_url="https://push.example.test/") as served:
        ready = served.ready

    assert ready["onesignal"] == "https://push.example.test"
    assert ready["control"] == "https://push.example.test/_pushlab/api/"


# -- from a terminal -------------------------------------------------------------------------------


def ctl(served: Served, *arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        main(["ctl", "--ready-file", str(served.server.ready_file), *arguments])
    return ended.value.code


def test_ctl_plays_a_push(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    codes = [ctl(served, "device", "android", "--external-id", "alice")]
    served.send("alice")
    codes += [
        ctl(served, *words.split())
        for words in (
            "advance 1h30m",
            "advance --idle",
            "devices",
            "show alice-android",
            "tap alice-android",
            "do alice-android go-offline",
            "why alice-android",
            "messages",
            "trace --last 3",
            "fault fcm status=429",
            "faults",
            "end-fault fault-1",
            "set retention_days=7",
            "clock",
            "reset --seed 3",
        )
    ]

    out = capsys.readouterr().out
    assert codes == [0] * 16
    assert "2026-01-01T01:30:00.000Z  (clock: manual; nothing is due)" in out
    assert "the person tapped it [delivered]" in out
    assert "alice-android    ✓ taps “Hello”, which opens the app" in out
    assert "id=fault-1  where=fcm  status=429" in out
    assert "name=retention_days  default=30  value=7" in out


def test_ctl_plays_mails_and_texts(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    codes = [
        ctl(served, *words.split())
        for words in (
            "device email --external-id alice --address alice@example.test --tag level=10",
            "device sms --external-id alice --name number",
            "device web --external-id alice --browser firefox",
        )
    ]
    for body in (
        {"target_channel": "email", "email_subject": "News", "email_body": '<a href="x:">no</a>'},
        {"target_channel": "sms", "name": "one", "contents": {"en": "Hello"}},
    ):
        served.send("alice", **body)
    codes += [
        ctl(served, *words.split())
        for words in (
            "advance 10m",
            "open-mail alice-email",
            "inbox alice-email",
            "reply number STOP",
            "inbox number",
            "clear-cookies alice-web",
            "messages",
            "trace",
        )
    ]

    out = capsys.readouterr().out
    assert codes == [0] * 11
    assert "address          alice@example.test" in out
    assert "News  (opened)" in out
    assert "unique_opens=1" in out
    assert "alice-email      ✓ gets the mail “News”" in out
    assert "number             replies “STOP” to +12025550100" in out
    assert "alice-web        • clears its cookies" in out
    assert "OneSignal          hears of alice: tag level = 10" in out


def test_ctl_shows_what_went_to_the_gateways(
    served: Served, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    lab = served.server.bench.lab
    lab.device("ios", external_id="alice")
    box = lab.device("email", external_id="alice")
    raw = b"Subject: Sale\r\n\r\nGr\xfc\xdfe\r\n"
    hand_over(lab, raw, box.address)
    served.send("alice")
    lab.advance(minutes=1)
    capfdbinary.readouterr()

    codes = [ctl(served, *words.split()) for words in ("attempts", "attempts alice-ios")]
    listed = capfdbinary.readouterr().out.decode()
    codes += [ctl(served, "attempt", lab.attempts[1].id), ctl(served, "attempt", "w1")]
    shown = capfdbinary.readouterr().out.decode()
    codes.append(ctl(served, "attempt", "w1", "--body"))
    body = capfdbinary.readouterr().out

    assert codes == [0] * 5
    assert [line.split()[2:4] for line in listed.splitlines()] == [
        ["smtp", "alice-email"],
        ["apns", "alice-ios"],
        ["apns", "alice-ios"],
    ]
    assert "POST https://api.push.apple.com/3/device/" in shown
    assert '"alert":"Hello"' in shown
    assert "envelope news@shop.test -> " in shown
    assert body == raw


def test_ctl_names_the_verbs_that_fit(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    ctl(served, "device", "sms", "--name", "number")

    code = ctl(served, "open-app", "number")

    assert code == 2
    assert "that is no verb of a number; what fits now: reply" in capsys.readouterr().err


def test_ctl_answers_programs(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    ctl(served, "--json", "device", "ios", "--name", "phone")

    assert json.loads(capsys.readouterr().out)["id"] == "phone"


def test_ctl_passes_a_refusal_on(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    code = ctl(served, "tap", "nobody")

    assert code == 2
    assert capsys.readouterr().err == "pushlab: there is no device 'nobody'; there are none yet\n"


def test_ctl_prints_what_a_message_says_without_its_escapes(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    ctl(served, "device", "android", "--name", "\x1b[31mred")
    ctl(served, "devices")
    ctl(served, "trace")

    assert "\x1b" not in capsys.readouterr().out


def test_ctl_finds_the_only_server_by_itself(
    edge: Edge,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PUSHLAB_STATE_DIR", str(tmp_path))
    (tmp_path / "ready-1.json").write_text('{"control": "http://127.0.0.1:1/"}', "utf-8")

    with serving(tmp_path, ready_file=None), pytest.raises(SystemExit) as first:
        main(["ctl", "clock"])
    out = capsys.readouterr().out
    with (
        serving(tmp_path, ready_file=None),
        serving(tmp_path, ready_file=None),
        pytest.raises(SystemExit) as second,
    ):
        main(["ctl", "clock"])

    assert first.value.code == 0
    assert out.startswith("2026-01-01T00:00:00.000Z")
    assert second.value.code == 2
    assert "2 servers run; choose one" in capsys.readouterr().err


@contextlib.contextmanager
def a_process(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `pushlab serve` until its banner is out; yield it and the banner."""
    process = subprocess.Popen(
        [
            *[sys.executable, "-c", "from pushlab.cli import main; main()", "serve"],
            *["--port", "0", "--ready-file", str(folder / "ready.json"), *arguments],
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "200"},
    )
    watchdog = threading.Timer(3 * WAIT_S, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or "Ctrl-C" not in lines[-1]:
            line = process.stdout.readline()
            assert line, process.communicate()
            lines.append(line)
        yield process, "".join(lines)
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.usefixtures("compiled_once")
def test_a_server_ends_cleanly_when_it_is_asked_to(tmp_path: Path, number: signal.Signals) -> None:
    with a_process(tmp_path, "--clock", "60x") as (process, banner):
        ready = json.loads((tmp_path / "ready.json").read_bytes())
        process.send_signal(number)
        _, err = process.communicate(timeout=WAIT_S)

    assert ready["pid"] == process.pid
    assert f"OneSignal  {ready['onesignal']} " in banner
    assert f"gateways   {ready['apns']} " in banner
    assert f"mail       {ready['smtp']}, with STARTTLS {ready['smtp_starttls']}, TLS" in banner
    assert "goes 60 times as fast as yours; seed 0" in banner
    assert f"pushlab ctl --ready-file {tmp_path / 'ready.json'} advance 1h" in banner
    assert "\x1b" not in banner
    assert (process.returncode, err) == (0, "pushlab: stopped\n")
    assert list(tmp_path.iterdir()) == []
    assert not Path(ready["ca_file"]).exists()


@pytest.mark.usefixtures("compiled_once")
def test_a_server_for_other_machines_warns(tmp_path: Path) -> None:
    with a_process(tmp_path, "--bind", "0.0.0.0") as (process, _):
        ready = json.loads((tmp_path / "ready.json").read_bytes())
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=WAIT_S)

    assert ready["onesignal"].startswith("http://127.0.0.1:")
    assert err.startswith("pushlab: warning: 0.0.0.0 can be reached from other machines.")


def test_a_server_says_which_hosts_it_has_refused(tmp_path: Path) -> None:
    with a_process(tmp_path) as (process, _):
        ready = json.loads((tmp_path / "ready.json").read_bytes())
        proxies = urllib.request.ProxyHandler({"http": ready["onesignal"]})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.build_opener(proxies).open("http://api.sms.test/", timeout=WAIT_S)
        refused.value.close()
        assert process.stderr is not None
        line = process.stderr.readline()

    assert line.startswith("pushlab: problem: api.sms.test is no vendor's host")
    assert "say `pushlab serve --allow api.sms.test`" in line
