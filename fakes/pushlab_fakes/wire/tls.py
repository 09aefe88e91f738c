"""The local certificate authority, one per process.

It signs for vendors' names, so it must be harmless to whoever trusts it: its key never leaves
memory, it lives 30 days of real time, and name constraints (RFC 5280, section 4.2.1.10) bind it to
the vendors' domains and this machine. A context that came to trust it can be deceived about no
other name. OpenSSL's strict mode (``VERIFY_X509_STRICT``, Python 3.13's default) accepts it.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import ssl
import tempfile
import threading
import weakref
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pushlab_fakes.wire.originals import find_context_class
from pushlab_fakes.wire.real_clock import RealClock
from pushlab_fakes.wire.vendors import VENDOR_DOMAINS, is_under, plain_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Authority", "describe_failure"]

LIFETIME = timedelta(days=30)
BACKDATED = timedelta(days=1)
"""Machines whose clocks differ a little meet in containers."""
EXPIRED = timedelta(hours=-12)
"""The time that is left to a leaf that a planned fault spoils."""

LOCAL_NAMES = ("localhost",)
LOCAL_NETWORKS = ("127.0.0.0/8", "::1/128")
LOCAL_ADDRESSES = ("127.0.0.1", "::1")

NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, for which Python has no name."""

LEAVES_MAX = 256
"""Names with a leaf of their own; further ones get the local leaf and fail their name check."""


class Authority:
    """A certificate authority that may sign for *domains* and this machine, and nobody else."""

    def __init__(self, domains: Sequence[str] = VENDOR_DOMAINS) -> None:
        self.domains = tuple(domains)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._sign_own()
        self.ca_pem = self._certificate.public_bytes(Encoding.PEM)
        """The certificate that clients trust; the key is nowhere but here."""
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: dict[tuple[str, tuple[str, ...], tuple[str, ...]], ssl.SSLContext] = {}
        """By host, protocols, and the certificates of clients that are asked for theirs."""
        self._trusting: weakref.WeakSet[ssl.SSLContext] = weakref.WeakSet()
        self._known: dict[bytes, bool] = {}
        self._lock = threading.Lock()

    def trust_in(self, context: ssl.SSLContext) -> None:
        """Make *context* accept this authority's leaves, once, whenever it was made."""
        with self._lock:
            if context in self._trusting:
                return
            find_context_class().load_verify_locations(context, cadata=self.ca_pem.decode("ascii"))
            self._trusting.add(context)

    def has_issued(self, certificate_der: bytes) -> bool:
        """Say whether a certificate is a leaf of this authority, by its signature.

        By signature and not by a list: a forked child meets leaves that its parent made later.
        """
        known = self._known.get(certificate_der)
        if known is None:
            try:
                leaf = x509.load_der_x509_certificate(certificate_der)
                leaf.verify_directly_issued_by(self._certificate)
            except (ValueError, TypeError, InvalidSignature):
                known = False
            else:
                known = True
            if len(self._known) < LEAVES_MAX:
                self._known[certificate_der] = known
        return known

    def get_server_context(
        self, alpn: Sequence[str], clients: Sequence[str] = ()
    ) -> ssl.SSLContext:
        """Return a server's context that shows each vendor's name a leaf of its own.

        *alpn* names the protocols to offer, the preferred one first. *clients* are certificates
        (PEM) of clients: with any, clients may show theirs, and no other is taken. Only the edge
        thread asks.
        """
        offered, trusted = tuple(alpn), tuple(clients)
        context = self._get_context("", offered, trusted)

        def choose(handshake: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            host = plain_name(name)
            key = (host, offered, trusted)
            known = key in self._contexts or len(self._contexts) < LEAVES_MAX
            if known and is_under(host, self.domains):
                handshake.context = self._get_context(*key)

        context.sni_callback = choose
        return context

    def make_failing_context(
        self, alpn: Sequence[str], clients: Sequence[str], is_expired: Callable[[str], bool]
    ) -> ssl.SSLContext:
        """Return a context for one handshake, whose certificate may be out of date.

        *is_expired* is asked with the name that the client wants, "" when it names none.
        """
        offered, trusted = tuple(alpn), tuple(clients)

        def choose(handshake: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            host = plain_name(name)
            if is_expired(host):
                handshake.context = self.make_expired_context(host, offered)
            elif is_under(host, self.domains):
                handshake.context = self._get_context(host, offered, trusted)

        context = self._make_context("", offered, trusted)
        context.sni_callback = choose
        return context

    def make_expired_context(self, host: str, alpn: Sequence[str]) -> ssl.SSLContext:
        """Return a server's context that shows a leaf of *host* which was good until yesterday."""
        known = host if is_under(host, self.domains) else ""
        return self._make_context(known, tuple(alpn), (), is_expired=True)

    def get_host_context(self, host: str, alpn: Sequence[str]) -> ssl.SSLContext:
        """Return a server's context that shows the leaf of *host* alone."""
        return self._get_context(host, tuple(alpn))

    def find_name(self, handshake: object) -> str:
        """Return the vendor's name that a client asked for in *handshake*; "" for another."""
        context = getattr(handshake, "context", None)
        return next((key[0] for key, held in self._contexts.items() if held is context), "")

    def _get_context(
        self, host: str, alpn: tuple[str, ...], clients: tuple[str, ...] = ()
    ) -> ssl.SSLContext:
        context = self._contexts.get((host, alpn, clients))
        if context is None:
            if clients:
                # Those of the tests before are not met again.
                for key in [key for key in self._contexts if key[2] not in {(), clients}]:
                    del self._contexts[key]
            context = self._contexts[host, alpn, clients] = self._make_context(host, alpn, clients)
        return context

    def _make_context(
        self,
        host: str,
        alpn: tuple[str, ...],
        clients: tuple[str, ...],
        *,
        is_expired: bool = False,
    ) -> ssl.SSLContext:
        context = find_context_class()(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.num_tickets = 0  # Nobody resumes here, and late tickets disturb short tests.
        context.set_alpn_protocols(list(alpn))
        # A client that names no vendor came to this machine by its own address.
        names, addresses = ([host], ()) if host else (LOCAL_NAMES, LOCAL_ADDRESSES)
        self._load_leaf(context, self.sign_leaf(names, addresses, is_expired=is_expired))
        if clients:
            _ask_for_certificate(context, clients)
        return context

    def _sign_own(self) -> x509.Certificate:
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "pushlab"),
                x509.NameAttribute(NameOID.COMMON_NAME, "pushlab local authority, for tests only"),
            ]
        )
        permitted = [
            *(x509.DNSName(domain) for domain in (*self.domains, *LOCAL_NAMES)),
            *(x509.IPAddress(ipaddress.ip_network(network)) for network in LOCAL_NETWORKS),
        ]
        public_key = self._key.public_key()
        return (
            _begin_certificate(name, name, public_key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=False, issues=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.NameConstraints(permitted, None), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def sign_leaf(
        self, hosts: Sequence[str], addresses: Sequence[str] = (), *, is_expired: bool = False
    ) -> x509.Certificate:
        """Sign a leaf for *hosts* and *addresses*; whether anyone may believe it is their check."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pushlab")])
        names = [
            *(x509.DNSName(host) for host in hosts),
            *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses),
        ]
        public_key = self._leaf_key.public_key()
        issuer_key = self._key.public_key()
        return (
            _begin_certificate(
                name, self._certificate.subject, public_key, EXPIRED if is_expired else LIFETIME
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=True, issues=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )

    def _load_leaf(self, context: ssl.SSLContext, leaf: x509.Certificate) -> None:
        """Put *leaf* and its key into *context*.

        OpenSSL reads chains from files only, so the leaf's key passes through one, encrypted with
        a word that nobody keeps, and the file is gone at once.
        """
        word = secrets.token_bytes(16).hex()
        key_pem = self._leaf_key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(word.encode("ascii"))
        )
        handle, path = tempfile.mkstemp(prefix="pushlab-", suffix=".pem")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(key_pem + leaf.public_bytes(Encoding.PEM))
            context.load_cert_chain(path, password=word)
        finally:
            Path(path).unlink()


def describe_failure(error: OSError, bound_s: float) -> str | None:
    """Say what a client did wrong in a handshake that failed; None for one who went away."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the client's certificate is refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or str(error)).replace("_", " ").lower()
        if "alert" in reason and ("certificate" in reason or "unknown ca" in reason):
            return f"the client does not trust the certificate that it was shown: {reason}"
        return f"it is no handshake: {reason}"
    if isinstance(error, ConnectionAbortedError):
        return f"the handshake did not end within {bound_s:g} s of real time"
    return None


def _ask_for_certificate(context: ssl.SSLContext, clients: Sequence[str]) -> None:
    """Let clients show their certificates; when they are valid is for the vendor's fake to say."""
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | NO_CHECK_TIME)
    context.load_verify_locations(cadata="\n".join(clients))


def _begin_certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    lifetime: timedelta = LIFETIME,
) -> x509.CertificateBuilder:
    now = datetime.fromtimestamp(int(RealClock.read_seconds()), UTC)
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=public_key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - BACKDATED,
        not_valid_after=now + lifetime,
    )


def _usage(*, signs: bool, issues: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=issues,
        crl_sign=issues,
        encipher_only=False,
        decipher_only=False,
    )
