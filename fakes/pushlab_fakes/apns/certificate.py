"""Client certificates of providers: which topics and environments they are for.

Mirrored from "Establishing a certificate-based connection to APNs": the subject's UID is the
default topic, and extensions of Apple's own name environments and further topics.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pushlab.world.clock import Instant

__all__ = ["ProviderCertificate", "parse_certificate"]

DEVELOPMENT, PRODUCTION, TOPICS = (
    "1.2.840.113635.100.6.3.1",
    "1.2.840.113635.100.6.3.2",
    "1.2.840.113635.100.6.3.6",
)
"""Apple's extensions."""
TOPIC_IN_EXTENSION: Final = re.compile(rb"\x0c([\x01-\x7f])([A-Za-z0-9._-]+)")
"""A UTF8String in DER, its length in one byte."""


@dataclass(frozen=True, slots=True)
class ProviderCertificate:
    """What a provider's certificate says."""

    topics: tuple[str, ...]
    """The default topic first."""
    team: str | None
    """From the subject's organizational unit."""
    environments: frozenset[str]
    """Empty when it names none: then it is for both."""
    begins_at: Instant
    ends_at: Instant


def parse_certificate(der: bytes) -> ProviderCertificate | None:
    """Read a certificate; None when it is not one of a provider: it names no topic."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        held = x509.load_der_x509_certificate(der)
        named = held.subject.get_attributes_for_oid(NameOID.USER_ID)
        units = held.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        extensions = {each.oid.dotted_string: each.value for each in held.extensions}
    except (
        ValueError,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
        Warning,  # Some test runs make errors of warnings, such as one about odd serial numbers.
    ):
        return None
    topics = [str(named[0].value)] if named else []
    listed = extensions.get(TOPICS)
    if isinstance(listed, x509.UnrecognizedExtension):
        for length, text in TOPIC_IN_EXTENSION.findall(listed.value):
            topic = text[: length[0]].decode("ascii")
            if "." in topic and topic not in topics:
                topics.append(topic)
    if not topics:
        return None
    environments = {
        name
        for name, oid in (("sandbox", DEVELOPMENT), ("production", PRODUCTION))
        if oid in extensions
    }
    return ProviderCertificate(
        tuple(topics),
        str(units[0].value) if units else None,
        frozenset(environments),
        int(held.not_valid_before_utc.timestamp() * 1000),
        int(held.not_valid_after_utc.timestamp() * 1000),
    )
