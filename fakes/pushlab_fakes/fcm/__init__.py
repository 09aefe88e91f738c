"""The fake of FCM, Google's push service.

Mirrored from "About FCM messages" (lifetime, collapsible and non-collapsible messages) and
"Manage registration tokens": the token registry, store and forward, and the quick report of dead
tokens. Left out so far: the HTTP v1 wire, OAuth, topics and quotas.
"""
