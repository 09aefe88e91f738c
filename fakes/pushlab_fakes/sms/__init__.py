"""The fake of text messages: a carrier's gateway, and the handsets behind its numbers.

Mirrored from Twilio's documentation: "Support for opt-out keywords" (STOP blocks a sender for one
recipient, START lifts that, HELP explains; error 21610), the Messages resource (a handset that is
off is kept for up to its validity period, then the message is undelivered; unknown numbers are
accepted and undelivered later, error 30005). Left out so far: the wire, queues of senders,
Messaging Services, keywords of one's own, and the rules of toll-free numbers.
"""
