"""Goal: the files of a lab say where it is and whom to trust, and go with it."""

from __future__ import annotations

import gc
import json
import ssl
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from pushlab.child.guidance import Guidance, read_roots
from pushlab.child.trust import join_certificates, split_certificates
from pushlab.errors import MisuseError
from pushlab_fakes.wire.tls import Authority
from pushlab_fakes.wire.ways import Way

if TYPE_CHECKING:
    from pathlib import Path

ADVICE = ("allow {}", "serve {}")
ROOT = b"\x30\x04root"


class Port:
    """A listener without a socket."""

    def __init__(self, port: int, authority: Authority | None = None) -> None:
        self.host, self.port = "127.0.0.1", port
        self.ca_pem = authority.ca_pem if authority is not None else b""


class Ports:
    """The ports for mail, none of which is open."""

    def __init__(self) -> None:
        self.named: dict[str, Authority] = {}

    def find(self, mode: str, _host: str) -> Port:
        return Port({"clear": 2001, "starttls": 2002, "tls": 2003}[mode])

    def serve_name(self, host: str) -> None:
        self.named[host] = Authority((host,))

    def find_authority(self, host: str) -> Authority | None:
        return self.named.get(host)


AUTHORITY = Authority()


@pytest.fixture
def ports() -> Ports:
    return Ports()


@pytest.fixture
def make(ports: Ports):
    made: list[Guidance] = []

    def call(**options: object) -> Guidance:
        hosts = ["api.onesignal.com", "api.onesignal.com", ".notify.windows.com"]
        guidance = Guidance(Port(7575, AUTHORITY), ports, hosts, advice=ADVICE, **options)  # type: ignore[arg-type]
        made.append(guidance)
        return guidance

    yield call
    for each in made:
        each.close()


def a_root_file(folder: Path) -> dict[str, str]:
    """Return variables that name a file of one certificate."""
    path = folder / "corp.pem"
    path.write_bytes(join_certificates([ROOT]))
    return {"SSL_CERT_FILE": str(path)}


def test_the_guard_knows_the_ports_and_the_names(make) -> None:
    ways = make(allow=["Pay.test"], mail_hosts=["smtp.shop.test"]).ways

    assert ways.served == ("api.onesignal.com", ".notify.windows.com")
    assert ways.find("api.onesignal.com", 443) == Way("served", "127.0.0.1", 7575)
    assert ways.find("smtp.shop.test", 465) == Way("served", "127.0.0.1", 2003)
    assert ways.find("pay.test", 443).kind == "straight"
    assert ways.find("other.test", 443).reason.endswith("allow other.test.")


def test_the_bundle_trusts_the_lab_and_whoever_was_trusted(make, tmp_path: Path) -> None:
    guidance = make(mail_hosts=["smtp.shop.test"])

    folder = guidance.write(a_root_file(tmp_path))

    held = split_certificates([(folder / "bundle.pem").read_bytes()])
    own = split_certificates([(folder / "ca.pem").read_bytes()])
    assert len(own) == 2
    assert ROOT in held
    assert held[:2] == own
    assert ssl.DER_cert_to_PEM_cert(own[0]).encode() == AUTHORITY.ca_pem
    assert (folder / "trust.jks").read_bytes().count(b"X.509") == len(held)


def test_the_names_and_addresses_stand_in_a_file_for_interpreters(make, tmp_path: Path) -> None:
    folder = make(allow=["pay.test"], mail_hosts=["smtp.shop.test"]).write(a_root_file(tmp_path))

    told = json.loads((folder / "redirect.json").read_bytes())

    assert told["target"] == ["127.0.0.1", 7575]
    assert told["hosts"] == ["api.onesignal.com", ".notify.windows.com"]
    assert told["mail_hosts"] == ["smtp.shop.test"]
    assert told["mail_ports"]["587"] == ["127.0.0.1", 2002]
    assert told["allow"] == ["pay.test"]
    assert told["certificates"] == str(folder / "ca.pem")
    assert told["signer"].encode() in AUTHORITY.sign_leaf(["x"]).tbs_certificate_bytes


def test_the_folder_is_its_owners_alone_and_goes_in_the_end(make, tmp_path: Path) -> None:
    guidance = make()
    folder = guidance.write(a_root_file(tmp_path))
    again = guidance.write({})

    if sys.platform != "win32":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert again == folder
    guidance.close()
    guidance.close()
    assert not folder.exists()


def test_the_folder_goes_even_if_nobody_closes_the_lab(ports: Ports, tmp_path: Path) -> None:
    guidance = Guidance(Port(7575, AUTHORITY), ports, [], advice=ADVICE)  # type: ignore[arg-type]
    folder = guidance.write(a_root_file(tmp_path))

    del guidance
    gc.collect()

    assert not folder.exists()


def test_mail_of_this_machine_has_all_its_names(make, ports: Ports) -> None:
    ways = make(mail_hosts=["localhost"]).ways

    assert ways.mail_hosts == ("localhost", "127.0.0.1", "::1")
    assert ports.named == {}


@pytest.mark.parametrize("host", ["*", "https://smtp.shop.test", "smtp.shop.test:25"])
def test_a_mail_server_is_named_by_its_host(make, host: str) -> None:
    with pytest.raises(MisuseError):
        make(mail_hosts=[host])


def test_what_a_machine_trusts_is_found_where_its_variables_say(tmp_path: Path) -> None:
    variables = a_root_file(tmp_path)

    texts = read_roots({**variables, "CURL_CA_BUNDLE": str(tmp_path / "none.pem")})

    assert split_certificates(texts)[0] == ROOT


def test_a_machine_without_variables_trusts_what_its_system_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pushlab.child.guidance.PLACES", ())
    monkeypatch.setattr(
        ssl, "get_default_verify_paths", lambda: type("Paths", (), {"cafile": None})
    )
    monkeypatch.setattr(ssl.SSLContext, "get_ca_certs", lambda *_args, **_options: [ROOT])

    assert split_certificates(read_roots({})) == [ROOT]
