"""The fake of FCM, Google's push service.

Mirrored from "About FCM messages" (lifetime, collapsible and non-collapsible messages) and
"Manage registration tokens": the token registry, store and forward, and the quick report of dead
tokens. The wire (HTTP v1, OAuth, topics, quotas) is in ``service``; apps that APNs or a browser's
push service serves have linked tokens. Left out: device groups.
"""
