"""Goal: every kind of program finds proxy, certificates and mail, whatever was set before.

That programs then do what is hoped for is tried in tests/edges.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pushlab.child.variables import PRELOAD, Lead, compose

FOLDER = Path("folder")
READY = {
    "onesignal": "http://127.0.0.1:7575",
    "tls": "127.0.0.1:7575",
    "smtp": "127.0.0.1:2001",
    "smtp_starttls": "127.0.0.1:2002",
    "pid": 7,
}
LEAD = Lead(FOLDER, READY)


def test_the_proxy_is_set_in_both_spellings_over_what_was_inherited() -> None:
    given = compose(LEAD, {"HTTPS_PROXY": "http://proxy.corp:3128", "https_proxy": "x"})

    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        assert given[name] == given[name.lower()] == "http://127.0.0.1:7575"


@pytest.mark.parametrize(
    "name",
    [
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
        "HTTPLIB2_CA_CERTS",
        "DENO_CERT",
    ],
)
def test_certificates_are_named_to_each_library_over_what_was_inherited(name: str) -> None:
    assert compose(LEAD, {name: "corp.pem"})[name] == str(FOLDER / "bundle.pem")


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize(
    ("inherited", "kept"),
    [
        ("", ""),
        ("db.corp, .intranet,10.0.0.0/8", ",db.corp,.intranet,10.0.0.0/8"),
        ("*", ""),
        ("api.onesignal.com,db.corp", ",db.corp"),
        (".googleapis.com,*.twilio.com:443", ""),
        ("com,.com,apple.com", ""),
        ("localhost,127.0.0.1", ""),
    ],
)
def test_who_was_reached_without_a_proxy_still_is_but_for_vendors(
    name: str, inherited: str, kept: str
) -> None:
    given = compose(LEAD, {name: inherited})

    assert given["NO_PROXY"] == given["no_proxy"] == "localhost,127.0.0.1" + kept


def test_python_and_node_load_a_file_before_what_they_loaded_anyway() -> None:
    given = compose(LEAD, {"PYTHONPATH": os.pathsep.join(["a", "b"]), "NODE_OPTIONS": "--trace"})

    assert given["PYTHONPATH"] == os.pathsep.join([str(PRELOAD), "a", "b"])
    assert given["NODE_OPTIONS"].endswith('redirect.cjs" --trace')
    assert given["NODE_OPTIONS"].startswith('--require "')
    assert (PRELOAD / "sitecustomize.py").is_file()
    assert (PRELOAD / "redirect.cjs").is_file()
    assert given["PUSHLAB_REDIRECT"] == str(FOLDER / "redirect.json")


def test_java_is_told_after_what_it_was_told_before_and_so_last() -> None:
    given = compose(LEAD, {"JAVA_TOOL_OPTIONS": "-Xmx1g -Dhttps.proxyHost=proxy.corp"})
    words = given["JAVA_TOOL_OPTIONS"].split()

    assert words[:2] == ["-Xmx1g", "-Dhttps.proxyHost=proxy.corp"]
    assert words.index("-Dhttps.proxyHost=127.0.0.1") > 1
    assert "-Dhttps.proxyPort=7575" in words
    assert f"-Djavax.net.ssl.trustStore={FOLDER / 'trust.jks'}" in words


def test_java_reads_a_path_with_blanks() -> None:
    given = compose(Lead(Path("my folder"), READY), {})

    assert f'trustStore="{Path("my folder") / "trust.jks"}"' in given["JAVA_TOOL_OPTIONS"]


def test_mail_is_named_by_the_usual_variables_and_of_the_kind_that_was_asked_for() -> None:
    given = compose(LEAD, {"SMTP_HOST": "smtp.corp"})
    secure = compose(Lead(FOLDER, READY, "smtp_starttls"), {})

    for name in ("SMTP", "MAIL", "EMAIL"):
        assert (given[f"{name}_HOST"], given[f"{name}_PORT"]) == ("127.0.0.1", "2001")
        assert secure[f"{name}_PORT"] == "2002"


def test_every_key_of_the_ready_file_has_a_variable() -> None:
    given = compose(LEAD, {})

    assert given["PUSHLAB_ONESIGNAL"] == "http://127.0.0.1:7575"
    assert given["PUSHLAB_PID"] == "7"


def test_an_address_of_version_6_is_written_as_each_wants_it() -> None:
    given = compose(Lead(FOLDER, {"tls": "[::1]:7575", "smtp": "[::1]:25"}), {})

    assert given["HTTPS_PROXY"] == "http://[::1]:7575"
    assert given["SMTP_HOST"] == "::1"


def test_a_program_within_a_program_is_led_once() -> None:
    once = compose(LEAD, {})

    assert compose(LEAD, once) == once
