"""What is said of your app, of the vendors and of the lab itself, with its faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab.tellings.moods import BAD, NOTE, PLAIN
from pushlab.vendor_names import APNS, FCM, MAIL, SERVICE, TWILIO, WEB

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.tellings.moods import Saying

__all__ = ["APP", "LAB", "OF_PARTIES"]

APP, LAB = "your app", "lab"

OF_PARTIES: Final[Mapping[str, Mapping[str, Saying]]] = {
    APP: {
        "ConnectionBroken": ("breaks the rules of {protocol}: {reason}", BAD),
        "RequestReceived": ("calls {route}", PLAIN),
    },
    SERVICE: {
        "AliasRemoved": ("knows a user no more by the alias {label}", NOTE),
        "AliasesSet": ("knows a user by another name{identity_words}", PLAIN),
        "AppAdopted": ("takes app {app} as yours", PLAIN),
        "ClockMismatch": (
            "send_after {send_after} is over on this clock, so it is sent at once; {remedy}",
            NOTE,
        ),
        "DevicesRegistered": ("{count} devices registered", PLAIN),
        "KeyAdopted": ("takes the key that came with the request as the app's own", PLAIN),
        "MembersRegistered": ("{count} members of {prefix} registered", PLAIN),
        "NotificationAccepted": ("accepts {title} for {target_words}", PLAIN),
        "NotificationCanceled": ("{title} is canceled", NOTE),
        "NotificationNotSent": ("sends nothing: nobody named is subscribed", BAD),
        "OrganizationKeyAdopted": ("takes the organization's key as it is", PLAIN),
        "SdkCallRefused": ("answers {status} to an SDK: {call}", BAD),
        "SegmentCreated": ("has a new segment “{name}”", PLAIN),
        "SegmentDeleted": ("deletes the segment “{name}”", NOTE),
        "SegmentUpdated": ("changes the segment “{name}”", PLAIN),
        "UserCreated": ("has a new user{identity_words}", PLAIN),
        "UserDeleted": ("deletes a user{identity_words}", NOTE),
        "UserUpdated": ("hears of {user}: {changes}", PLAIN),
    },
    APNS: {
        "CredentialAdopted": ("takes key {key} of team {team} as it came", PLAIN),
        "TopicAdopted": ("takes {topic} as the bundle id of the app", PLAIN),
    },
    FCM: {
        "KeyAdopted/fcm": ("takes {rest} as yours", PLAIN),
    },
    WEB: {
        "KeyAdopted/webpush": ("takes {key} as the one that your page subscribes with", PLAIN),
    },
    MAIL: {
        "LoginAdopted": ("takes the password of {login} as it came", PLAIN),
        "MailReturned": ("sends a mail to {to} about {recipient}: {kind}", NOTE),
    },
    TWILIO: {
        "TwilioAccountAdopted": ("takes account {account} as yours", PLAIN),
        "TwilioAlertRaised": ("error {code}: {message}, at {url}", BAD),
        "TwilioMediaFetched": ("fetches {url} for {message_sid}: {ended}", PLAIN),
        "TwilioMessageDeleted": ("deletes {message_sid}", NOTE),
        "TwilioMessageReceived": ("has {message_sid} from {from} for {to}", PLAIN),
        "TwilioMessageRedacted": ("forgets what {message_sid} said", NOTE),
        "TwilioScheduleRefused": ("refuses to wait until {send_at}; {remedy}", NOTE),
        "TwilioSenderAdopted": ("takes {sender} as a sender of yours", PLAIN),
        "TwilioServiceAdopted": ("takes {service} as a Messaging Service of yours", PLAIN),
        "TwilioStatusChanged": ("{message_sid} is {status}", PLAIN),
        "TwilioTokenAdopted": ("takes the secret of {user} as the right one", PLAIN),
    },
    LAB: {
        "AppAdded": ("a further app: “{name}”", PLAIN),
        "AppChanged": ("app changed: {rest}", PLAIN),
        "AudiencePicked": ("{target_words} picked in the dashboard", PLAIN),
        "FaultPlanned": ("fault {name} planned: {where} answers {status}", NOTE),
        "FaultPlanned/drop": ("fault {name} planned: {where} hears nothing of your app", NOTE),
        "FaultPlanned/expired_certificate": ("fault {name} planned: {where} is out of date", NOTE),
        "FaultPlanned/goaway": ("fault {name} planned: {where} ends its connection", NOTE),
        "FaultPlanned/half": ("fault {name} planned: {where} breaks off its answer", NOTE),
        "FaultPlanned/hold": ("hold {name} planned at {where}: the {part} waits", NOTE),
        "FaultPlanned/late": ("fault {name} planned: {where} comes {delay} later", NOTE),
        "FaultPlanned/lost": ("fault {name} planned: {where} happens, its answer is lost", NOTE),
        "FaultPlanned/repeat": ("fault {name} planned: {where} comes twice", NOTE),
        "FaultPlanned/reset": ("fault {name} planned: {where} resets the connection", NOTE),
        "FaultPlanned/slow": ("fault {name} planned: {where} takes {delay_s} real seconds", NOTE),
        "FaultRemoved": ("fault {name} ended", PLAIN),
        "FaultStruck": ("fault {fault} strikes: {route} is refused", BAD),
        "FaultStruck/drop": ("fault {fault} strikes: your app is not heard at {route}", BAD),
        "FaultStruck/expired_certificate": (
            "fault {fault} strikes: the certificate of the {route} is out of date",
            BAD,
        ),
        "FaultStruck/goaway": ("fault {fault} strikes: {route} ends its connection", BAD),
        "FaultStruck/half": ("fault {fault} strikes: the answer of {route} breaks off", BAD),
        "FaultStruck/hold": ("hold {fault} keeps {route} in flight", NOTE),
        "FaultStruck/late": ("fault {fault} strikes: {route} will come later", NOTE),
        "FaultStruck/lost": ("fault {fault} strikes: {route} happens, its answer is lost", BAD),
        "FaultStruck/repeat": ("fault {fault} strikes: {route} comes twice", NOTE),
        "FaultStruck/reset": ("fault {fault} strikes: {route} resets the connection", BAD),
        "FaultStruck/slow": ("fault {fault} strikes: {route} takes its time", NOTE),
        "HoldReleased": ("hold {hold} lets {count} go on", PLAIN),
        "MailRuleLifted": ("mail is no longer refused by the rule {rule} {match}", PLAIN),
        "MailRuleSet": ("mail is refused from now on by the rule {rule} {match}", NOTE),
        "PopulationMade": ("{count} people join: {prefix}-000001 and so on", PLAIN),
        "PostSettled": ("posts to {url} ({purpose}): {ended}", PLAIN),
        "RateLimited": ("the limit {limit} refuses a call; {remedy}", NOTE),
        "SettingChanged": ("setting {name} is now {value}", PLAIN),
        "TwilioSetUp": ("Twilio is set up: {rest}", PLAIN),
    },
}
