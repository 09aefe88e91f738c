"""What of Twilio is assumed."""

from __future__ import annotations

from dataclasses import dataclass

from pushlab.settings.setting import setting

__all__ = ["TwilioSettings"]


@dataclass(frozen=True)
class TwilioSettings:
    """What of Twilio's behaviour is assumed, and its paces."""

    twilio_queue_delay_ms: int = setting(
        1, "Time from queued to sending where no rate holds a message up.", "assumed"
    )
    twilio_sending_ms: int = setting(
        200, "Time from sending to sent: the carrier has taken the message.", "assumed"
    )
    twilio_inbound_delay_ms: int = setting(
        200, "Time from what a person writes to the webhook of the number.", "assumed"
    )
    twilio_callback_statuses: str = setting(
        "queued sent delivered undelivered failed canceled read",
        "Statuses of which callbacks tell; sending may be added.",
        "Twilio documentation, outbound message status; sending is rarely seen",
    )
    twilio_callback_jitter_ms: int = setting(
        0,
        "Bound of what delays each status callback, so that they may come in another order.",
        "Twilio documentation: the order of callbacks is not guaranteed",
    )
    twilio_callback_error_message: bool = setting(
        default=True,
        says="Callbacks of failed and undelivered messages carry ErrorMessage beside ErrorCode.",
        source="reported; the documentation lists ErrorCode",
    )
    twilio_webhook_timeout_s: int = setting(
        15,
        "Real seconds that the app under test has to answer Twilio; tt in a URL may shorten it.",
        "Twilio documentation, webhooks connection overrides: tt is 15,000 ms",
    )
    twilio_media_fetched: bool = setting(
        default=True,
        says="The media of a message are asked for (HEAD, then GET) before it is sent, where "
        "somebody serves them; otherwise they are taken as they are.",
        source="Twilio documentation, MediaUrl; that HEAD goes before: reported",
    )
    twilio_media_auth: bool = setting(
        default=True,
        says="Files of messages are handed out to the account's credentials alone.",
        source="Twilio documentation, Media resource: HTTP authentication for media access",
    )
    twilio_schedule_min_s: int = setting(
        300,
        "A message is scheduled at least this far ahead (35114).",
        "Twilio, Messages resource: 5 minutes; the error dictionary says 15",
    )
    twilio_schedule_max_days: int = setting(
        35, "A message is scheduled at most this far ahead (35114).", "Twilio, Message Scheduling"
    )
    twilio_service_stop_refused: bool = setting(
        default=False,
        says="A message of a Messaging Service to somebody who replied STOP is refused at once "
        "(21610); otherwise it is taken and fails.",
        source="reported both ways",
    )
    twilio_region_status: int = setting(
        400,
        "The status of error 21408, a region that is not enabled.",
        "by convention; some report 403",
    )
    twilio_magic_numbers: bool = setting(
        default=True,
        says="The magic numbers of test credentials act for every account; otherwise only for "
        "accounts that are said to be test credentials.",
        source="Twilio documentation, test credentials; what a lab adopts does not tell which",
    )
    twilio_trial_prefix: str = setting(
        "Sent from your Twilio trial account - ",
        "What every message of a trial account begins with.",
        "Twilio documentation, free trial limitations; remembered wording",
    )
    twilio_price_sms: str = setting(
        "0.00790", "Price of one segment in USD.", "Twilio, SMS pricing of the US, an example"
    )
    twilio_price_mms: str = setting(
        "0.02000", "Price of one MMS in USD.", "Twilio, MMS pricing of the US, an example"
    )
    twilio_max_price_counts: bool = setting(
        default=False,
        says="A message that costs more than its MaxPrice fails (30010).",
        source="Twilio, Messages resource: MaxPrice has no effect since June 2024",
    )
    twilio_requests_max: int = setting(
        0,
        "Calls of the Messages API that are answered within one virtual second, then 429 "
        "(20429); 0 for no limit.",
        "off, since a test's clock stands still; Twilio limits concurrent calls by account",
    )
    twilio_rates: bool = setting(
        default=False,
        says="Senders send at their rates and have queues (21611, 30001); otherwise all at once.",
        source="off under the manual clock; Twilio, rate limits and message queues",
    )
    twilio_rate_long_code: int = setting(
        1, "Segments a second of a long code.", "Twilio, rate limits and message queues"
    )
    twilio_rate_toll_free: int = setting(
        3, "Segments a second of a toll-free number of the US.", "assumed from reports"
    )
    twilio_rate_short_code: int = setting(
        100, "Segments a second of a short code.", "Twilio, rate limits and message queues"
    )
    twilio_queue_hours: int = setting(
        10,
        "Hours of its own traffic that a sender's queue holds.",
        "Twilio, rate limits and message queues; older pages say 4",
    )
