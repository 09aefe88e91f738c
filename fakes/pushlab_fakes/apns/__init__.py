"""The fake of APNs, Apple's push service.

Mirrored from "Sending notification requests to APNs" and "Viewing the status of push
notifications": the token registry, store and forward of one notification per device and app, and
the late, vague report of dead tokens. Left out so far: the HTTP/2 wire, provider tokens, topics
and push types beyond alerts, live activities and broadcast channels.
"""
