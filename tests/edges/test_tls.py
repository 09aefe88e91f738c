"""The local authority: accepted by strict clients, and harmless to whoever came to trust it."""

from __future__ import annotations

import gc
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from freezegun import freeze_time

from pushlab_fakes.wire.tls import LEAVES_MAX, Authority
from pushlab_fakes.wire.vendors import VENDOR_DOMAINS, is_under, plain_name


@pytest.fixture(scope="module")
def authority():
    """Return an authority of this module's own."""
    return Authority()


def strict_context(authority):
    """Return a client's context that checks as hard as OpenSSL can."""
    context = ssl.create_default_context(cadata=authority.ca_pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def shake_hands(client_context, server_context, name):
    """Run one handshake in memory and return the client's connection."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    for _ in range(20):
        for side in list(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
        if not waiting:
            return client
    raise AssertionError("the handshake did not end")


class TestAcceptance:
    @pytest.mark.parametrize(
        "name",
        [
            "api.onesignal.com",
            "onesignal.com",
            "api.push.apple.com",
            "api.sandbox.push.apple.com",
            "fcm.googleapis.com",
            "updates.push.services.mozilla.com",
            "db5p.notify.windows.com",
            "api.dublin.ie1.twilio.com",
            "api.batch.com",
            "web.push.apple.com",
            "localhost",
            "127.0.0.1",
            "::1",
        ],
    )
    def test_a_strict_client_accepts_each_faked_name(self, authority, name):
        client = shake_hands(strict_context(authority), authority.get_server_context([]), name)

        assert authority.has_issued(client.getpeercert(binary_form=True))

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_both_versions_of_tls_are_spoken(self, authority, version):
        context = strict_context(authority)
        context.minimum_version = context.maximum_version = version

        client = shake_hands(context, authority.get_server_context([]), "onesignal.com")

        assert client.version() == version.name.replace("_", ".")

    def test_protocols_are_offered_in_order(self, authority):
        context = strict_context(authority)
        context.set_alpn_protocols(["http/1.1", "h2"])

        server = authority.get_server_context(["h2", "http/1.1"])
        client = shake_hands(context, server, "onesignal.com")

        assert client.selected_alpn_protocol() == "h2"

    def test_another_name_gets_a_leaf_that_does_not_fit_it(self, authority):
        with pytest.raises(ssl.SSLCertVerificationError, match="certificate"):
            shake_hands(strict_context(authority), authority.get_server_context([]), "bank.example")

    def test_names_beyond_the_bound_get_no_leaf_of_their_own(self):
        crowded = Authority()
        server = crowded.get_server_context([])
        for index in range(LEAVES_MAX):
            crowded._contexts[f"{index}.onesignal.com", (), ()] = server

        with pytest.raises(ssl.SSLCertVerificationError):
            shake_hands(strict_context(crowded), server, "one-too-many.onesignal.com")

    def test_an_authority_made_under_a_freeze_is_valid_in_real_time(self):
        with freeze_time("2031-05-06"):
            frozen = Authority()
            client = shake_hands(
                strict_context(frozen), frozen.get_server_context([]), "onesignal.com"
            )

        assert client.version()


class TestHarmlessness:
    @pytest.mark.parametrize("name", ["bank.example", "notonesignal.com", "apple.com"])
    def test_a_leaf_for_any_other_name_is_refused_by_name_constraints(self, authority, name):
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority._load_leaf(server, authority.sign_leaf([name]))

        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
            shake_hands(strict_context(authority), server, name)

    def test_a_leaf_for_an_address_elsewhere_is_refused(self, authority):
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority._load_leaf(server, authority.sign_leaf([], ["10.0.0.1"]))

        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
            shake_hands(strict_context(authority), server, "10.0.0.1")

    def test_it_lives_thirty_days_of_real_time(self, authority):
        certificate = x509.load_pem_x509_certificate(authority.ca_pem)

        now = datetime.now(UTC)
        assert certificate.not_valid_before_utc <= now
        assert now < certificate.not_valid_after_utc <= now + timedelta(days=30)

    def test_its_extensions_are_those_of_an_end_of_the_line_authority(self, authority):
        extensions = x509.load_pem_x509_certificate(authority.ca_pem).extensions

        basic = extensions.get_extension_for_class(x509.BasicConstraints)
        constraints = extensions.get_extension_for_class(x509.NameConstraints)
        usage = extensions.get_extension_for_class(x509.KeyUsage)
        assert basic.critical
        assert basic.value == x509.BasicConstraints(ca=True, path_length=0)
        assert constraints.critical
        assert usage.critical
        assert not usage.value.digital_signature

    def test_leaves_serve_and_do_nothing_else(self, authority):
        leaf = authority.sign_leaf(["onesignal.com"])

        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]

    def test_no_file_is_left_behind(self, tmp_path, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

        Authority().get_server_context([])

        assert list(tmp_path.iterdir()) == []

    def test_no_key_is_ever_written_in_the_clear(self, tmp_path, monkeypatch):
        written = []
        unlink = Path.unlink

        def read_and_unlink(path):
            written.append(path.read_bytes())
            unlink(path)

        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        monkeypatch.setattr(Path, "unlink", read_and_unlink)
        Authority().get_server_context([])

        assert len(written) == 1
        assert b"BEGIN ENCRYPTED PRIVATE KEY" in written[0]
        assert b"BEGIN PRIVATE KEY" not in written[0]


class TestTrust:
    def test_a_context_made_before_comes_to_trust_it(self, authority):
        context = ssl.create_default_context()

        authority.trust_in(context)
        client = shake_hands(context, authority.get_server_context([]), "onesignal.com")

        assert client.version()

    def test_a_context_is_given_it_once(self, authority):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

        authority.trust_in(context)
        authority.trust_in(context)

        assert len(context.get_ca_certs()) == 1

    def test_a_context_is_not_kept_alive(self):
        own = Authority()
        own.trust_in(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

        gc.collect()

        assert len(own._trusting) == 0

    def test_a_leaf_of_another_authority_is_not_its_own(self, authority):
        stranger = Authority().sign_leaf(["onesignal.com"]).public_bytes(Encoding.DER)

        assert not authority.has_issued(stranger)
        assert not authority.has_issued(stranger)
        assert not authority.has_issued(b"no certificate at all")

    def test_a_leaf_signed_after_a_look_is_known_by_its_signature(self, authority):
        leaf = authority.sign_leaf(["late.onesignal.com"]).public_bytes(Encoding.DER)

        assert authority.has_issued(leaf)


class TestNames:
    @pytest.mark.parametrize(
        ("given", "plain"),
        [
            ("API.OneSignal.com.", "api.onesignal.com"),
            (b"onesignal.com", "onesignal.com"),
            (b"\xff", "\ufffd"),
            (None, ""),
            (7, ""),
        ],
    )
    def test_a_name_is_read_however_it_is_given(self, given, plain):
        assert plain_name(given) == plain

    def test_a_domain_ends_at_a_dot(self):
        assert is_under("api.onesignal.com", VENDOR_DOMAINS)
        assert is_under("onesignal.com", VENDOR_DOMAINS)
        assert not is_under("notonesignal.com", VENDOR_DOMAINS)
        assert not is_under("onesignal.com.example", VENDOR_DOMAINS)
