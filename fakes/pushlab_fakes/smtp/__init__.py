"""The fake of mail: servers that take mail, and the mailboxes behind them.

Mirrored from RFC 5321 (dialogue, replies, retries of what was put off) with the extensions that
mail transfer agents use, RFC 3463 (what replies mean), RFC 3464 and 5965 (what comes back as mail):
unknown mailboxes are refused at once (550 5.1.1) or bounce later, a full one (452 4.2.2) is refused
or tried again until the queue gives up, large mail is refused (552 5.3.4). Left out: checks of SPF
and DKIM (a rule says how they end), POP and IMAP, and relaying to servers outside.
"""
