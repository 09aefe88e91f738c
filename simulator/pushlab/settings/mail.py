"""What of mail servers and mailboxes is assumed."""

from __future__ import annotations

from dataclasses import dataclass

from pushlab.settings.setting import setting

__all__ = ["MailSettings"]


@dataclass(frozen=True)
class MailSettings:
    """How mail goes, and what the server on the wire asks for."""

    smtp_latency_min_ms: int = setting(
        500, "Shortest time from a mail server's acceptance to the mailbox.", "assumed"
    )
    smtp_latency_mean_ms: int = setting(
        3_000, "Mean time from a mail server's acceptance to the mailbox; exponential.", "assumed"
    )
    smtp_size_max_bytes: int = setting(
        25_000_000, "A mail larger than this is refused (552 5.3.4).", "assumed: what large ones do"
    )
    smtp_late_bounce_share: float = setting(
        0.0,
        "Share of unknown mailboxes for which mail is accepted first and bounces later; the others "
        "are refused at once (550 5.1.1).",
        "assumed: RFC 5321 allows both; large mailbox providers refuse at once",
    )
    smtp_bounce_delay_s: int = setting(
        300, "Bound of the time from acceptance to a bounce for good.", "assumed"
    )
    smtp_retry_first_s: int = setting(
        900,
        "First wait before mail for a full mailbox is tried again; it grows with the mail's age.",
        "assumed: RFC 5321, 4.5.4.1 asks for 30 minutes or more, many servers begin sooner",
    )
    smtp_queue_hours: int = setting(
        72,
        "How long mail for a full mailbox is tried again before it bounces.",
        "assumed: services retry for 24 to 72 hours; RFC 5321, 4.5.4.1 says 4 to 5 days",
    )
    smtp_role: str = setting(
        "mx",
        "``mx``: the server on the wire looks at a mailbox when it is named, and refuses (550, "
        "452). ``relay``: it takes mail for everybody, and what cannot be delivered comes back as "
        "a notice.",
        "RFC 5321, 3.6: both kinds exist; clients of the wire see the refusals of ``mx`` sooner",
    )
    smtp_full_reply: str = setting(
        "452",
        "What the server on the wire says of a full mailbox: ``452`` (4.2.2), ``552`` (5.2.2), or "
        "``queue``: it takes the mail and tries again.",
        "RFC 5321, 4.2.2 has both; large mailbox providers answer 452 4.2.2",
    )
    smtp_recipients_max: int = setting(
        100,
        "Recipients that one mail on the wire may have; more get 452 4.5.3.",
        "RFC 5321, 4.5.3.1.8: at least 100",
    )
    smtp_body_line_max: int = setting(
        0,
        "Octets of a line of a mail, with its end, beyond which it is refused (500 5.5.2); 0: any.",
        "RFC 5321, 4.5.3.1.6 says 1000; real servers mostly take longer ones",
    )
    smtp_errors_max: int = setting(
        20,
        "Commands that are none, after which the server hangs up (421 4.7.0).",
        "Postfix documentation, smtpd_hard_error_limit",
    )
    smtp_greylist_s: int = setting(
        0,
        "How long the server on the wire answers 450 4.7.1 to a pair of sender and recipient that "
        "it has not seen before; 0: never.",
        "RFC 6647; off unless asked for",
    )
    smtp_rate_per_minute: int = setting(
        0,
        "Mails a minute that the server on the wire takes of one login, and as many at once; then "
        "421 4.7.0. 0: any number.",
        "off unless asked for; every provider has its own",
    )
    smtp_auth_required: bool = setting(
        default=False,
        says="The server on the wire takes mail only after AUTH (530 5.7.0).",
        source="RFC 4954, 6; submission servers do, servers of a domain do not",
    )
    smtp_auth_needs_tls: bool = setting(
        default=False,
        says="AUTH is offered under TLS only (538 5.7.11).",
        source="RFC 4954, 4 asks for it; on loopback clients want to log in without",
    )
    smtp_auth_mechanisms: str = setting(
        "PLAIN LOGIN",
        "Mechanisms that the server offers; what is left out is too weak (534 5.7.9).",
        "RFC 4616; LOGIN is no standard, and everywhere",
    )
    smtp_tls_required: bool = setting(
        default=False,
        says="The server on the wire takes mail only after STARTTLS (530 5.7.0).",
        source="RFC 3207, 4",
    )
    smtp_starttls: bool = setting(
        default=False,
        says="The port for clear text offers STARTTLS too; the others are as they are.",
        source="some clients begin TLS by themselves when they see it, and fail without trust",
    )
    smtp_delay_notice_hours: int = setting(
        4,
        "How long mail on the wire waits, for room in a mailbox or to be tried again, before its "
        "sender gets a notice of the delay; 0: no notice.",
        "sendmail's default (confTO_QUEUEWARN, 4 hours); Postfix sends none",
    )
    mail_auto_reply_days: int = setting(
        7,
        "Days in which a mailbox that is out of office answers one sender once; 0: each mail.",
        "RFC 3834, 2: several days; RFC 5230, 4.1 has 7 as an example",
    )
    mail_prefetch_delay_s: int = setting(
        600,
        "Bound of the time from a mail's arrival to the loading of its images by a privacy proxy.",
        "assumed: Mail Privacy Protection loads in the background, minutes to hours later",
    )
    mail_scan_delay_s: int = setting(
        10,
        "Bound of the time from a mail's arrival to a scanner's visits to all its links.",
        "assumed: scanners follow links within seconds of delivery",
    )
    mail_one_click_multipart: bool = setting(
        default=False,
        says="The POST of a one-click unsubscription is multipart/form-data; else urlencoded.",
        source="RFC 8058, 3.2 has both and prefers multipart; the usual mailboxes do not",
    )
    mail_open_delay_mean_s: int = setting(
        14_400, "Mean time from a mail's arrival to its habitual opening.", "assumed"
    )
