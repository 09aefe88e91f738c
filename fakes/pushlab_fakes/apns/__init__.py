"""The fake of APNs, Apple's push service.

Mirrored from "Sending notification requests to APNs" and "Viewing the status of push
notifications": the token registry, store and forward of one notification per token, and the late,
vague report of dead tokens. The wire is in ``service``, with credentials, topics, push types and
broadcast channels. Left out: the tokens of device management.
"""
