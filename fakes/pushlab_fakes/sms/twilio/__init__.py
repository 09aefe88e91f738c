"""Twilio's Messages API, as a service over the carrier's gateway.

Mirrored from Twilio's documentation: Messages resource, Media and Feedback subresources, Messaging
Services, Message Scheduling, outbound status callbacks, the request to an incoming-message
webhook, TwiML for Programmable Messaging, webhook security, test credentials, error and warning
dictionary; names and types from twilio-oai (api.twilio.com, version 2010-04-01).

Left out: answers in XML and CSV, channels other than SMS and MMS (WhatsApp, RCS), the texts of
Content templates, link shortening, the fetching of media, and every product that is no message.
"""
