"""Goal: a program in a process of its own, in whatever language, reaches the lab unmodified.

Method: programs with the vendors' own hosts and clients, started with `lab.environment()` and
nothing else; then the device is looked at. `pushlab run` uses the same variables (test_run).
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_testing.apns import KEY_ID, TEAM, TOPIC, make_key_pem, sign_token
from pushlab_testing.programs import (
    APP_ID,
    CURL,
    JAVA,
    NODE,
    PYTHON,
    curl_command,
    java_command,
    node_command,
    python_command,
)

WAIT_S = 60
MAIL_HOST = "smtp.shop.test"


@functools.cache
def make_account():
    """Return a service account as Google's console lets one download it."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "project_id": "shop-1234",
        "private_key_id": "a1b2c3",
        "private_key": pem.decode(),
        "client_email": "sender@shop-1234.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }


@pytest.fixture
def lab():
    """Yield a lab that knows the app of the programs; nothing is redirected in this process."""
    with Lab(app=APP_ID) as lab:
        yield lab


@pytest.fixture
def surroundings(lab, monkeypatch):
    """Return the environment of a child, made on a machine that has a proxy of its own."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "*.googleapis.com,db.corp")
    return lab.environment(smtp_hosts=[MAIL_HOST])


def run(command, environ, text=None):
    """Run a program to its end."""
    return subprocess.run(
        command,
        env=environ,
        input=text,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


def make_device(lab, platform):
    """Return a device, and what a program is told of it."""
    if platform == "email":
        device = lab.device("email", address="alice@example.com", fresh=True)
        return device, {"address": device.address}
    device = lab.device(platform, external_id="alice")
    given = {"external_id": "alice"}
    match platform:
        case "ios":
            given |= {
                "token": device.token,
                "topic": TOPIC,
                "team": TEAM,
                "key_id": KEY_ID,
                "signing_key": make_key_pem(),
                "provider_token": sign_token(int(time.time())),
            }
        case "android":
            given |= {"token": device.token, "account": make_account()}
        case "web":
            given |= {"push_subscription": device.push_subscription}
        case "sms":
            given |= {"address": device.address}
    return device, given


def shows_hello(lab, device):
    """Let what was sent arrive, and say whether the device shows it, and nothing went wrong."""
    lab.advance(minutes=5)
    assert lab.list_problems() == []
    match device.platform:
        case "email":
            said = [mail.subject for mail in device.inbox]
        case "sms":
            said = [text.body for text in device.inbox]
        case _:
            said = [message.body for message in device.tray]
    return said == ["Hello"]


@pytest.mark.parametrize("name", PYTHON)
def test_a_program_in_python_reaches_the_device(lab, surroundings, name):
    device, given = make_device(lab, PYTHON[name][0])

    ended = run(python_command(name, json.dumps(given)), surroundings)

    assert ended.returncode == 0, ended.stderr
    assert shows_hello(lab, device)


def test_a_python_without_pushlab_is_led_as_well(lab, tmp_path):
    venv.create(tmp_path / "bare", with_pip=False)
    [python] = [path for path in tmp_path.glob("bare/*/python*") if path.stem == "python"]
    device, given = make_device(lab, "android")
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # No proxy: what leads it is the file that it loads.
    environ = lab.environment(bare) | {"HTTPS_PROXY": "", "https_proxy": ""}
    [_, *program] = python_command("urllib", json.dumps(given))

    ended = run([python, *program], environ)
    known = run([python, "-c", "import pushlab"], environ)

    assert ended.returncode == 0, ended.stderr
    assert shows_hello(lab, device)
    assert "No module named 'pushlab'" in known.stderr


def list_commands(folder):
    """Return the programs of other languages that this machine can run: name -> their command."""
    found = {}
    if node := shutil.which("node"):
        for name, (platform, _) in NODE.items():
            found[f"node: {name}"] = platform, functools.partial(_for_node, node, name)
    if curl := shutil.which("curl"):
        for name, (platform, _) in CURL.items():
            found[f"curl: {name}"] = platform, functools.partial(curl_command, curl, name)
    # Only a development kit runs a source.
    if (java := shutil.which("java")) and shutil.which("javac"):
        for name, platform in JAVA.items():
            found[f"java: {name}"] = platform, functools.partial(_for_java, java, folder, name)
    return found


def _for_node(node, name, given):
    return node_command(node, name, json.dumps(given))


def _for_java(java, folder, name, given):
    return java_command(java, folder, name, given["external_id"])


def test_programs_in_those_other_languages_that_this_machine_has_reach_the_device(tmp_path):
    commands = list_commands(tmp_path)
    reached = {}
    for name, (platform, make_command) in commands.items():
        with Lab(app=APP_ID) as lab:
            device, given = make_device(lab, platform)
            environ = lab.environment(smtp_hosts=[MAIL_HOST])
            text = "Subject: Hello\r\n\r\nHello\r\n" if name == "curl: mail" else None
            ended = run(make_command(given), environ, text)
            reached[name] = shows_hello(lab, device) or ended.stderr or ended.returncode

    assert reached == dict.fromkeys(commands, True)


# -- what may not be reached -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "import requests; requests.get('https://api.batch.com/', timeout=10)",
        "import urllib.request as u; u.urlopen('https://api.batch.com/', timeout=10)",
        "import httpx; httpx.get('https://api.batch.com/', timeout=10)",
        "import socket; socket.create_connection(('api.batch.com', 443))",
    ],
)
def test_a_vendors_host_that_no_fake_serves_is_refused_and_known(lab, surroundings, code):
    ended = run([sys.executable, "-c", code], surroundings)

    assert ended.returncode == 1
    assert "api.batch.com is a vendor's host that no fake serves" in ended.stderr
    [problem] = lab.list_problems()
    assert 'write lab.environment(allow=["api.batch.com"])' in problem
    assert "Served here: " in problem


def test_a_mail_server_that_nobody_named_is_refused_and_known(lab, surroundings):
    code = "import smtplib; smtplib.SMTP('smtp.other.test', 587)"

    ended = run([sys.executable, "-c", code], surroundings)

    assert ended.returncode == 1
    assert "smtp.other.test:587 takes mail, and this lab was not told of it" in ended.stderr
    assert 'write lab.environment(smtp_hosts=["smtp.other.test"])' in lab.list_problems()[0]


def test_node_is_told_why_where_this_machine_has_it(lab, surroundings):
    node = shutil.which("node")
    code = "fetch('https://api.batch.com/').catch((it) => { console.log(it.cause.message); });"

    said = run([node, "-e", code], surroundings).stdout if node else lab.ways.advice

    assert ("is a vendor's host that no fake serves" in said) is (node is not None)
    assert len(lab.list_problems()) == (1 if node else 0)


def test_this_machine_and_what_is_allowed_are_reached(lab, monkeypatch, tmp_path):
    environ = lab.environment(allow=["docs.onesignal.com"])
    code = (
        "import socket, sys\n"
        "listening = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(listening.getsockname(), 10).close()\n"
        "try: socket.getaddrinfo('docs.onesignal.com', 443)\n"
        "except socket.gaierror as error: assert 'pushlab' not in str(error), error\n"
    )

    ended = run([sys.executable, "-c", code], environ)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert lab.list_problems() == []


# -- the environment -------------------------------------------------------------------------------


def test_the_environment_is_the_whole_one(lab):
    environ = lab.environment({"OWN": "1", "HTTPS_PROXY": "http://corp:3128"})

    assert environ["OWN"] == "1"
    assert environ["HTTPS_PROXY"] == lab.endpoints.onesignal
    assert environ["PUSHLAB_ONESIGNAL"] == lab.endpoints.onesignal
    assert environ["PUSHLAB_APNS"] == lab.endpoints.apns
    assert environ["SMTP_PORT"] == str(lab.endpoints.smtp.port)
    assert "PATH" not in environ
    assert lab.environment()["PATH"] == os.environ["PATH"]


def test_its_files_go_with_the_lab():
    with Lab() as lab:
        files = [Path(lab.environment()["SSL_CERT_FILE"]) for _ in range(2)]
        there = [file.exists() for file in files]

    assert there == [True, True]
    assert [file.exists() for file in files] == [False, False]


def test_a_lab_is_a_proxy_once_a_child_needs_one(lab):
    lab.serve()
    before = lab.ways

    lab.environment()

    assert before is None
    assert lab.ways.home == ("127.0.0.1", lab.endpoints.port)


def test_a_closed_lab_leads_nobody(lab):
    lab.close()

    with pytest.raises(MisuseError, match="closed"):
        lab.environment()


def test_a_redirect_in_this_process_is_no_hindrance(pushlab):
    device, given = make_device(pushlab, "ios")

    ended = run(python_command("aioapns", json.dumps(given)), pushlab.environment())

    assert (ended.returncode, ended.stderr) == (0, "")
    assert shows_hello(pushlab, device)


def test_a_child_may_have_a_lab_of_its_own(lab, surroundings):
    code = (
        "from pushlab.lab import Lab\n"
        "import requests\n"
        "with Lab() as own:\n"
        "    own.redirect()\n"
        "    requests.get('https://api.onesignal.com/inner', timeout=10)\n"
        "    assert own.trace.count > 0 and own.list_problems() == []\n"
        "requests.get('https://api.onesignal.com/outer', timeout=10)\n"
    )

    ended = run([sys.executable, "-c", code], surroundings)

    assert (ended.returncode, ended.stderr) == (0, "")
    paths = [entry.fields["path"] for entry in lab.trace.entries() if "path" in entry.fields]
    assert paths == ["/outer"]
