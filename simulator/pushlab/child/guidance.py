"""What leads child processes to one lab: its guard, a folder of files, and the variables.

The files lie in a private folder of their own, and go with the lab. There is nothing secret in
them: certificates, and addresses of this machine.
"""

from __future__ import annotations

import json
import shutil
import ssl
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pushlab.child.trust import join_certificates, render_key_store, split_certificates
from pushlab.child.variables import BUNDLE_FILE, KEY_STORE_FILE, REDIRECT_FILE
from pushlab_fakes.wire.mail_hosts import MAIL_GUARDED, MAIL_PORTS
from pushlab_fakes.wire.redirect import SERVED_PORTS
from pushlab_fakes.wire.sending import is_local
from pushlab_fakes.wire.vendors import VENDOR_DOMAINS, plain_name
from pushlab_fakes.wire.ways import Ways, check_allowed, check_mail_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pushlab_fakes.wire.edge import Listener
    from pushlab_fakes.wire.mail_ports import MailMode, MailPorts

__all__ = ["Guidance", "read_roots"]

MODES: Final[tuple[MailMode, ...]] = ("clear", "starttls", "tls")
LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
SIGNER: Final = "pushlab local authority, for tests only"
"""Whom every certificate of a lab names as its issuer."""
CA_FILE: Final = "ca.pem"
INHERITED: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
PLACES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where systems keep the certificates that they trust, the most usual first."""


class Guidance:
    """Leads child processes to the lab behind *listener*, until `close`."""

    def __init__(
        self,
        listener: Listener,
        mail_ports: MailPorts,
        served: Sequence[str],
        *,
        allow: Iterable[str] = (),
        mail_hosts: Iterable[str] = (),
        advice: tuple[str, str],
    ) -> None:
        """Open the ports for mail.

        *allow* names hosts that are really reached, *mail_hosts* mail servers whose mail is taken.
        *advice* says how either is written where the lab was opened.
        """
        self._listener = listener
        self._mail_ports = mail_ports
        self._folder: Path | None = None
        self._remove: weakref.finalize[..., Guidance] | None = None
        self._mail_hosts = _name_mail_hosts(mail_hosts)
        for name in self._mail_hosts:
            if not is_local(name):
                mail_ports.serve_name(name)
        opened = {mode: mail_ports.find(mode, listener.host) for mode in MODES}
        self.ways = Ways(
            tuple(dict.fromkeys(plain_name(host) for host in served)),
            (listener.host, listener.port),
            {mode: (each.host, each.port) for mode, each in opened.items()},
            self._mail_hosts,
            tuple(check_allowed(host) for host in allow),
            *advice,
        )

    def close(self) -> None:
        """Remove the files."""
        if self._remove is not None:
            self._remove()
            self._folder = self._remove = None

    def write(self, inherited: Mapping[str, str]) -> Path:
        """Write the files, for children that have *inherited* variables; return their folder.

        What those trusted by variables is in there.
        """
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="pushlab-child-"))
            # At the end of the process at the latest, should nobody close the lab.
            self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        certificates = split_certificates([self._ca_pem, *read_roots(inherited)])
        ca_file = self._folder / CA_FILE
        ca_file.write_bytes(self._ca_pem)
        (self._folder / BUNDLE_FILE).write_bytes(join_certificates(certificates))
        (self._folder / KEY_STORE_FILE).write_bytes(render_key_store(certificates))
        told = json.dumps(self._describe(ca_file), indent=1)
        (self._folder / REDIRECT_FILE).write_text(told, "utf-8")
        return self._folder

    @property
    def _ca_pem(self) -> bytes:
        """The certificates of the lab: one for the vendors, one for each mail server."""
        signers = [self._mail_ports.find_authority(name) for name in self._mail_hosts]
        return self._listener.ca_pem + b"".join(each.ca_pem for each in signers if each)

    def _describe(self, ca_file: Path) -> dict[str, Any]:
        """Return what the files for Python and Node read."""
        ways = self.ways
        return {
            "target": ways.home,
            "ports": sorted(SERVED_PORTS),
            "hosts": ways.served,
            "domains": VENDOR_DOMAINS,
            "allow": ways.allow,
            "mail_hosts": self._mail_hosts,
            "mail_ports": {port: ways.mail[mode] for port, mode in MAIL_PORTS.items()},
            "mail_guarded": sorted(MAIL_GUARDED),
            "certificates": str(ca_file),
            "signer": SIGNER,
        }


def read_roots(inherited: Mapping[str, str]) -> list[bytes]:
    """Return the texts of the certificates that this machine trusts, as a child would find them."""
    own = ssl.get_default_verify_paths()
    named = [inherited.get(name) for name in INHERITED]
    places = [place for place in (own.cafile, *PLACES) if place]
    first = next((place for place in places if Path(place).is_file()), None)
    texts = [text for place in dict.fromkeys([*named, first]) if place and (text := _read(place))]
    if texts:
        return texts
    # Windows and macOS keep them where only Python's own look finds them.
    held = ssl.create_default_context().get_ca_certs(binary_form=True)
    return [join_certificates(held)]


def _read(place: str) -> bytes:
    try:
        return Path(place).read_bytes()
    except OSError:
        return b""


def _name_mail_hosts(hosts: Iterable[str]) -> tuple[str, ...]:
    """Return mail servers as they are looked up; this machine has several names."""
    named = dict.fromkeys(check_mail_host(host) for host in hosts)
    if any(is_local(name) for name in named):
        named |= dict.fromkeys(LOCAL_NAMES)
    return tuple(named)
