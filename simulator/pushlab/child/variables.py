"""The variables that lead a program to a lab, whatever language it is written in.

What each kind of program reads was tried (the table in the README): proxies are written in upper
and lower case, certificates under the names of a dozen libraries. What the machine had set before
is overridden, or a company's own proxy and certificates would win; lists that others may have a
share in (``NO_PROXY``, ``PYTHONPATH``, ``NODE_OPTIONS``, ``JAVA_TOOL_OPTIONS``) keep theirs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pushlab_fakes.wire.vendors import VENDOR_DOMAINS, is_under

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BUNDLE_FILE", "KEY_STORE_FILE", "REDIRECT_FILE", "Lead", "compose"]

PRELOAD: Final = Path(__file__).parent / "preload"
PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
CERTIFICATES: Final = (
    "SSL_CERT_FILE",  # OpenSSL, and with it Ruby, PHP, .NET; Go; httpx, aiohttp
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    "DENO_CERT",
    "GIT_SSL_CAINFO",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "HTTPLIB2_CA_CERTS",
    "NIX_SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
)
LOCAL: Final = ("localhost", "127.0.0.1")
"""Without ::1, which some clients cannot read; the proxy leads there as well."""
MAIL: Final = ("SMTP", "MAIL", "EMAIL")
"""How programs call their mail server's variables: each with ``_HOST`` and ``_PORT``."""


BUNDLE_FILE: Final = "bundle.pem"
"""The machine's certificates, and the lab's."""
KEY_STORE_FILE: Final = "trust.jks"
"""The same for Java."""
REDIRECT_FILE: Final = "redirect.json"
"""What the files for Python and Node read."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Where a lab is, and the files that say it."""

    folder: Path
    ready: Mapping[str, object]
    """The keys of a ready file, each of which becomes a variable of its own."""
    smtp: str = "smtp"
    """The key of the port for mail that programs are given which ask for one by variable."""

    def find(self, key: str) -> tuple[str, str]:
        """Return host and port of a key."""
        host, _, port = str(self.ready[key]).rpartition(":")
        return host.strip("[]"), port


def compose(lead: Lead, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to set for a program that has *inherited* the others."""
    proxy = f"http://{lead.ready['tls']}"
    given = {name: proxy for each in PROXIES for name in (each, each.lower())}
    given |= dict.fromkeys(("NO_PROXY", "no_proxy"), _spare(inherited))
    given |= dict.fromkeys(CERTIFICATES, str(lead.folder / BUNDLE_FILE))
    given |= {
        "PUSHLAB_REDIRECT": str(lead.folder / REDIRECT_FILE),
        "PYTHONPATH": _put_first(inherited.get("PYTHONPATH", ""), str(PRELOAD)),
        "NODE_OPTIONS": _require(inherited.get("NODE_OPTIONS", "")),
        "NODE_USE_ENV_PROXY": "1",
        "JAVA_TOOL_OPTIONS": _tell_java(inherited.get("JAVA_TOOL_OPTIONS", ""), lead),
    }
    host, port = lead.find(lead.smtp)
    given |= {f"{name}_HOST": host for name in MAIL} | {f"{name}_PORT": port for name in MAIL}
    given |= {f"PUSHLAB_{key.upper()}": str(value) for key, value in lead.ready.items()}
    return dict(sorted(given.items()))


def _spare(inherited: Mapping[str, str]) -> str:
    """Return who is reached without the proxy: as before, but for the vendors."""
    said = inherited.get("NO_PROXY") or inherited.get("no_proxy") or ""
    entries = [entry.strip() for entry in said.split(",")]
    kept = [entry for entry in entries if entry and not _covers_vendor(entry)]
    return ",".join(dict.fromkeys([*LOCAL, *kept]))


def _covers_vendor(entry: str) -> bool:
    """Say whether a client would pass the proxy by for a vendor because of *entry*."""
    name = entry.lower().removeprefix("*").removeprefix(".").partition(":")[0]
    return (
        not name
        or is_under(name, VENDOR_DOMAINS)
        or any(is_under(domain, (name,)) for domain in VENDOR_DOMAINS)
    )


def _put_first(path: str, folder: str) -> str:
    entries = [entry for entry in path.split(os.pathsep) if entry and entry != folder]
    return os.pathsep.join([folder, *entries])


def _require(options: str) -> str:
    """Have Node load the file, whose name is quoted as NODE_OPTIONS wants it."""
    name = str(PRELOAD / "redirect.cjs").replace("\\", "\\\\").replace('"', '\\"')
    own = f'--require "{name}"'
    return f"{own} {options.replace(own, '').strip()}".strip()


def _tell_java(options: str, lead: Lead) -> str:
    """Tell Java of proxy and certificates; of what is said twice, it takes the last."""
    host, port = lead.find("tls")
    told = {
        "http.proxyHost": host,
        "http.proxyPort": port,
        "https.proxyHost": host,
        "https.proxyPort": port,
        "http.nonProxyHosts": "localhost|127.*|[::1]",
        "javax.net.ssl.trustStore": _quote(str(lead.folder / KEY_STORE_FILE)),
        "javax.net.ssl.trustStoreType": "JKS",
    }
    own = " ".join(f"-D{name}={value}" for name, value in told.items())
    return f"{options.replace(own, '').strip()} {own}".strip()


def _quote(text: str) -> str:
    return f'"{text}"' if any(sign.isspace() for sign in text) else text
