"""The fake of mail: servers that take mail, and the mailboxes behind them.

Mirrored from RFC 5321 (replies, retries of what was put off) and RFC 3463 (what they mean):
unknown mailboxes are refused at once (550 5.1.1) or bounce later, a full one (452 4.2.2) is tried
again until the queue gives up, a closed one bounces, large mail is refused (552 5.3.4). Left out
so far: the wire, delivery status notifications as mails, greylists with a memory, SPF and DKIM.
"""
