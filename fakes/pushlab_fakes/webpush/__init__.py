"""The fake of the browsers' push services: Google's, Mozilla's and Apple's.

Mirrored from RFC 8030 (Generic Event Delivery Using HTTP Push: lifetime, topics, urgency) and from
what each service documents or is seen to do: endpoints, lifetimes, and 410 once the browser has
dropped one. The wire is in ``service``, with VAPID and real decryption. Left out: receipts (no
service has them).
"""
