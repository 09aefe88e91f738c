"""Goal: `pushlab run` is a command that one puts in front of another, and sees no difference.

Method: processes, started and ended as people and machines do; and `pushlab env` with a server
that runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from pushlab.cli import main
from pushlab.devserver.options import Options
from pushlab.devserver.pace import parse_pace
from pushlab.devserver.server import DevServer
from pushlab.errors import MisuseError
from pushlab_testing.programs import APP_ID, PYTHON, python_command

pytestmark = pytest.mark.usefixtures("compiled_once")
WAIT_S = 60
PUSHLAB = [sys.executable, "-c", "from pushlab.cli import main; main()"]
SEND = json.dumps({"external_id": "alice"})
WAITING = """
import signal
numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGUSR1}
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
print("ready", flush=True)
while True:
    number = signal.sigwait(numbers)
    print(signal.Signals(number).name, flush=True)
    if number == signal.SIGTERM:
        raise SystemExit(7)
"""
"""Prints the signals that it gets, one by one, until it is asked to end."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder in which all temporary files lie, of this process and of others."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def pushlab(*arguments, **options):
    """Run the command line to its end."""
    return subprocess.run(
        [*PUSHLAB, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=WAIT_S,
        check=False,
        **{"env": {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "200"}, **options},
    )


def say(code):
    """Return the command of a line of Python."""
    return [sys.executable, "-c", code]


@dataclass
class Ended:
    """How a command ended."""

    code: object
    out: str
    err: str


@pytest.fixture
def run(capfd, monkeypatch):
    """Return `pushlab run`, called in this process, whose modules are loaded already."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(["run", *arguments])
        out, err = capfd.readouterr()
        return Ended(ended.value.code, out, err)

    return call


# -- to its end ------------------------------------------------------------------------------------


def test_a_program_sends_and_its_user_is_told_who_saw_it(folder):
    ended = pushlab(
        *["run", "--app", APP_ID, "--device", "android:alice", "--start", "2026-01-01T00:00:00Z"],
        *["--", *python_command("requests", SEND)],
    )

    assert (ended.returncode, ended.stdout) == (0, "")
    assert "ended with 0\n" in ended.stderr
    assert "alice-android    ✓ shows “Hello”" in ended.stderr
    assert "Thu 1 Jan 2026" in ended.stderr
    assert "problem" not in ended.stderr
    assert list(folder.iterdir()) == []


def test_the_commands_own_input_output_and_exit_code_pass_through():
    code = "import sys; print(sys.stdin.read().upper()); sys.exit(3)"

    ended = pushlab("run", "--quiet", "--", *say(code), input="hello")

    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "HELLO\n", "")


def test_a_command_needs_no_dashes_and_keeps_its_options(run):
    ended = run("-q", *say("import sys; print(sys.argv[1:])"), "--seed", "x", "--help")

    assert (ended.code, ended.out) == (0, "['--seed', 'x', '--help']\n")


def test_a_command_that_called_nobody_is_told_so(run):
    ended = run("--clock", "manual", "--", *say(""))

    assert "Nothing happened in it: no vendor was called" in ended.err


def test_a_command_that_cannot_be_started_ends_with_125(run, folder):
    ended = run("--", "no-such-command")

    assert (ended.code, ended.out) == (125, "")
    assert ended.err == (
        "pushlab: cannot start 'no-such-command': there is no such command here or on the PATH\n"
    )
    assert list(folder.iterdir()) == []


def test_a_host_that_was_refused_is_told_of_in_the_end(run):
    code = "import requests; requests.get('https://api.batch.com/', timeout=10)"

    ended = run("--quiet", "--", *say(code))

    assert ended.code == 1
    problem = ended.err.splitlines()[-1]
    assert problem.startswith("pushlab: problem: api.batch.com is a vendor's host that no fake")
    assert "say `pushlab run --allow api.batch.com`" in problem


def test_mail_for_a_named_server_is_taken_and_seen(run):
    address = json.dumps({"address": "email-1@example.com"})
    program = python_command("smtplib by the name of its server", address)

    ended = run("--smtp-host", "smtp.shop.test", "--device", "email", "--", *program)

    assert ended.code == 0, ended.err
    assert "email-1          ✓ gets the mail" in ended.err


def test_the_port_for_mail_is_of_the_kind_that_was_asked_for(run):
    code = "import os; print(os.environ['SMTP_PORT'] == os.environ['PUSHLAB_SMTP_TLS'][10:])"

    assert run("-q", "--smtp", "tls", "--", *say(code)).out == "True\n"


def test_the_command_moves_the_clock_with_the_tools_at_hand(run, folder, monkeypatch):
    monkeypatch.setenv("PUSHLAB_STATE_DIR", str(folder))
    code = (
        "from pushlab.cli import _run\n"
        "for words in ('device android --external-id alice', 'advance 1h', 'clock'):\n"
        "    assert _run(['ctl', *words.split()]) == 0\n"
    )

    ended = run("--clock", "manual", "--start", "2026-01-01T00:00:00Z", "--", *say(code))

    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1].startswith("2026-01-01T01:00:00.000Z  (clock: manual;")
    assert "the lab stands at 2026-01-01T01:00:00.000Z (clock: manual; seed 0)" in ended.err


def test_the_lab_goes_on_for_a_while_when_the_command_has_ended(run):
    start = ("--clock", "manual", "--start", "2026-01-01T00:00:00Z")

    ended = run(*start, "--settle", "90s", "--", *say(""))

    assert "the lab stands at 2026-01-01T00:01:30.000Z" in ended.err


def test_a_lab_that_cannot_go_on_is_told_of_and_the_commands_exit_code_counts(run, monkeypatch):
    def refuse(*_):
        raise MisuseError("time is held")

    monkeypatch.setattr("pushlab.devserver.bench.move_to", refuse)

    ended = run("-q", "--settle", "1s", "--", *say("raise SystemExit(4)"))

    assert ended.code == 4
    assert ended.err == "pushlab: problem: the lab does not settle: time is held\n"


# -- signals ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def a_waiting_command(command=WAITING):
    """Run a command until it is ready; yield the process in front of it."""
    process = subprocess.Popen(
        [*PUSHLAB, "run", "--quiet", "--", *say(command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )

    def kill():
        """Kill the process and its command, which has our end of the pipes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    watchdog = threading.Timer(WAIT_S, kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()
        yield process
    finally:
        watchdog.cancel()
        kill()
        process.communicate()


def test_signals_are_passed_on_and_the_commands_answer_to_the_last_one_counts(folder):
    with a_waiting_command() as process:
        for name in ("SIGUSR1", "SIGINT", "SIGTERM"):
            process.send_signal(getattr(signal, name))
        out, err = process.communicate(timeout=WAIT_S)

    assert (process.returncode, err) == (7, "")
    assert "SIGTERM" in out.splitlines()
    assert set(out.splitlines()) <= {"SIGUSR1", "SIGINT", "SIGTERM"}
    assert list(folder.iterdir()) == []


def test_each_signal_is_passed_on_as_it_comes(folder):
    with a_waiting_command() as process:
        assert process.stdout is not None
        for name in ("SIGUSR1", "SIGINT", "SIGUSR1"):
            process.send_signal(getattr(signal, name))
            assert process.stdout.readline() == f"{name}\n"


def test_a_command_that_a_signal_ends_is_told_of_as_by_a_shell(folder):
    code = "import time; print('ready', flush=True); time.sleep(60)"

    with a_waiting_command(code) as process:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=WAIT_S)

    assert process.returncode == 128 + signal.SIGTERM
    assert list(folder.iterdir()) == []


IN_TERMINAL = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.argv[1], sys.argv[1:])"
)
"""Makes standard input the terminal of the session, then goes on as another program."""


def test_an_interrupt_from_the_keyboard_is_the_terminals_to_deliver(folder):
    master, slave = os.openpty()
    command = [*say(IN_TERMINAL), *PUSHLAB, "run", "--quiet", "--", *say(WAITING)]
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    shown = b""

    def read_until(what):
        nonlocal shown
        while what not in shown:
            assert select.select([master], [], [], WAIT_S)[0], shown
            shown += os.read(master, 4096)

    try:
        read_until(b"ready")
        # As the terminal does to every process in its foreground; here to one alone. By the time
        # that the second signal comes through, the first would have.
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGUSR1)
        read_until(b"SIGUSR1")
        assert b"SIGINT" not in shown
        os.write(master, b"\x03")
        read_until(b"SIGINT")
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(master)

    assert process.returncode == 7


# -- env -------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path):
    """Yield a server that runs, and knows of a host and a mail server."""
    server = DevServer(
        Options(
            parse_pace("manual"),
            port=0,
            start="2026-01-01T00:00:00Z",
            app=APP_ID,
            ready_file=tmp_path / "ready.json",
            allow=("pay.test",),
            smtp_hosts=("smtp.shop.test",),
        )
    )
    server.start()
    yield server
    server.stop()


def read_env(server, capsys, *arguments):
    """Return what `pushlab env` prints."""
    with pytest.raises(SystemExit) as ended:
        main(["env", "--ready-file", str(server.ready_file), *arguments])
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", ["requests", "aiohttp", "smtplib by the name of its server"])
def test_variables_lead_a_program_to_a_server_that_runs(server, capsys, name):
    lab = server.bench.lab
    platform = PYTHON[name][0]
    address = {"address": "alice@example.com", "fresh": True} if platform == "email" else {}
    device = lab.device(platform, external_id="alice", **address)
    variables = json.loads(read_env(server, capsys, "--shell", "json"))

    ended = subprocess.run(
        python_command(name, json.dumps({"external_id": "alice", **address})),
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    lab.advance(minutes=5)

    assert ended.returncode == 0, ended.stderr
    held = device.inbox if platform == "email" else device.tray
    assert len(held) == 1


def test_no_shell_is_led_to_a_server_that_does_not_answer(server, tmp_path, capsys):
    left = tmp_path / "left.json"
    left.write_text(json.dumps({**server.document(), "control": "http://127.0.0.1:1/"}), "utf-8")

    with pytest.raises(SystemExit) as ended:
        main(["env", "--ready-file", str(left)])

    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert "does not answer" in err
    assert "start it again with `pushlab serve`" in err


def test_a_shell_takes_the_variables_over(server):
    words = f"from pushlab.cli import main; main(['env', '--ready-file', '{server.ready_file}'])"
    script = (
        f'eval "$({sys.executable} -c "{words}")"\n'
        f'{sys.executable} -c "import requests as r; '
        "print(r.get('https://api.onesignal.com/apps', timeout=10).status_code)\""
    )

    ended = subprocess.run(
        ["sh", "-c", script],
        env={**os.environ, "SHELL": "/bin/sh"},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )

    assert (ended.stdout, ended.stderr) == ("403\n", "")


def test_the_words_are_those_of_the_shell_that_was_asked_for(server, capsys):
    fish = read_env(server, capsys, "--shell", "fish")
    other = read_env(server, capsys, "--shell", "powershell", "--smtp", "starttls")

    port = server.endpoints.smtp_starttls.port
    assert f"set -gx HTTPS_PROXY 'http://{server.endpoints.apns}'" in fish.splitlines()
    assert f"$env:SMTP_PORT = '{port}'" in other.splitlines()


def test_a_tool_in_the_shell_finds_the_server(server, capsys, monkeypatch):
    variables = json.loads(read_env(server, capsys, "--shell", "json"))
    monkeypatch.setenv("PUSHLAB_READY_FILE", variables["PUSHLAB_READY_FILE"])

    with pytest.raises(SystemExit) as ended:
        main(["ctl", "clock"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("2026-01-01T00:00:00.000Z")


def test_the_files_for_others_go_with_the_server(tmp_path):
    server = DevServer(Options(parse_pace("manual"), port=0, ready_file=tmp_path / "ready.json"))
    server.start()
    folder = Path(server.document()["child_files"])
    held = sorted(path.name for path in folder.iterdir())

    server.stop()

    assert held == ["bundle.pem", "ca.pem", "redirect.json", "trust.jks"]
    assert not folder.exists()
