"""The fake of the browsers' push services: Google's, Mozilla's and Apple's.

Mirrored from RFC 8030 (Generic Event Delivery Using HTTP Push: lifetime, topics, urgency) and from
what each service documents or is seen to do: endpoints, lifetimes, and 410 once the browser has
dropped one. Left out so far: the wire, VAPID and encryption, the urgency that a browser may ask
for at least, receipts (no service has them).
"""
