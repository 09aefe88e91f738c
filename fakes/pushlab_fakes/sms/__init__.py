"""The fake of text messages: a carrier's gateway, and the handsets behind its numbers.

Mirrored from Twilio's documentation: "Support for opt-out keywords" (STOP blocks a sender for one
recipient, START lifts that, HELP explains; error 21610), the Messages resource (a handset that is
off is kept for up to its validity period, then the message is undelivered; unknown numbers are
accepted and undelivered later, error 30005). Senders may have words of their own and may be
grouped, so that a STOP to one counts for all. Twilio's API stands in `twilio`. Left out: numbers
that are given to somebody else (recycled).
"""
