"""Programs as people write them, in several languages, each for a process of its own.

None is told of a lab: hosts, clients and credentials are the vendors' own. What a program sends to
comes as JSON, its only argument; each says "Hello" to one device.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "APP_ID",
    "CURL",
    "JAVA",
    "NODE",
    "PYTHON",
    "curl_command",
    "java_command",
    "node_command",
    "python_command",
]

APP_ID: Final = "8f7c9c4e-1a55-4ff1-8d0e-0d9b6a0f3f2a"
KEY: Final = "os_v2_app_made_up_for_this_test"

_BEGIN = f"""
import asyncio, json, os, sys
given = json.loads(sys.argv[1])
URL = "https://api.onesignal.com/notifications"
HEADERS = {{"Authorization": "Key {KEY}"}}
BODY = {{
    "app_id": "{APP_ID}",
    "target_channel": "push",
    "include_aliases": {{"external_id": [given.get("external_id")]}},
    "contents": {{"en": "Hello"}},
}}
"""

_APNS_HEADERS = """
HEADERS = {
    "authorization": "bearer " + given["provider_token"],
    "apns-topic": given["topic"],
    "apns-push-type": "alert",
}
PUSH = {"aps": {"alert": "Hello"}}
URL = "https://api.push.apple.com/3/device/" + given["token"]
"""

_MAIL = """
import smtplib, ssl
from email.message import EmailMessage
message = EmailMessage()
message["From"], message["To"] = "news@shop.test", given["address"]
message["Subject"] = "Hello"
message.set_content("Hello")
"""

PYTHON: Final[dict[str, tuple[str, str]]] = {
    "requests": (
        "android",
        """
import requests
requests.post(URL, json=BODY, headers=HEADERS, timeout=10).raise_for_status()
""",
    ),
    "urllib": (
        "android",
        """
import urllib.request
data = json.dumps(BODY).encode()
headers = {**HEADERS, "Content-Type": "application/json"}
request = urllib.request.Request(URL, data, headers)
urllib.request.urlopen(request, timeout=10).close()
""",
    ),
    "aiohttp": (
        "android",
        """
import aiohttp
async def send():
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        async with session.post(URL, json=BODY) as answer:
            answer.raise_for_status()
asyncio.run(send())
""",
    ),
    "urllib3 with certificates of its own": (
        "android",
        """
import certifi, urllib3
with urllib3.PoolManager(ca_certs=certifi.where()) as pool:
    assert pool.request("POST", URL, json=BODY, headers=HEADERS, timeout=10).status == 200
""",
    ),
    "onesignal-python-api": (
        "android",
        f"""
import onesignal
from onesignal.api.default_api import DefaultApi
from onesignal.model.include_aliases import IncludeAliases
from onesignal.model.language_string_map import LanguageStringMap
from onesignal.model.notification import Notification
with onesignal.ApiClient(onesignal.Configuration(rest_api_key="{KEY}")) as client:
    DefaultApi(client).create_notification(Notification(
        app_id=BODY["app_id"],
        target_channel="push",
        include_aliases=IncludeAliases(external_id=[given["external_id"]]),
        contents=LanguageStringMap(en="Hello"),
    ))
""",
    ),
    "httpx over HTTP/2": (
        "ios",
        _APNS_HEADERS
        + """
import httpx
with httpx.Client(http1=False, http2=True) as client:
    client.post(URL, json=PUSH, headers=HEADERS).raise_for_status()
""",
    ),
    "httpx on asyncio over HTTP/2": (
        "ios",
        _APNS_HEADERS
        + """
import httpx
async def send():
    async with httpx.AsyncClient(http2=True) as client:
        (await client.post(URL, json=PUSH, headers=HEADERS)).raise_for_status()
asyncio.run(send())
""",
    ),
    "aioapns": (
        "ios",
        """
from aioapns import APNs, NotificationRequest
async def send():
    client = APNs(key=given["signing_key"], key_id=given["key_id"], team_id=given["team"],
                  topic=given["topic"], use_sandbox=False)
    push = NotificationRequest(given["token"], {"aps": {"alert": "Hello"}})
    answer = await client.send_notification(push)
    assert answer.is_successful, answer.description
asyncio.run(send())
""",
    ),
    "firebase-admin": (
        "android",
        """
import firebase_admin
from firebase_admin import credentials, messaging
firebase_admin.initialize_app(credentials.Certificate(given["account"]))
notification = messaging.Notification(title="Hello", body="Hello")
messaging.send(messaging.Message(notification=notification, token=given["token"]))
""",
    ),
    "firebase-admin on asyncio": (
        "android",
        """
import firebase_admin
from firebase_admin import credentials, messaging
firebase_admin.initialize_app(credentials.Certificate(given["account"]))
notification = messaging.Notification(title="Hello", body="Hello")
message = messaging.Message(notification=notification, token=given["token"])
batch = asyncio.run(messaging.send_each_async([message]))
assert batch.success_count == 1, batch.responses[0].exception
""",
    ),
    "pywebpush": (
        "web",
        """
from pywebpush import webpush
from py_vapid import Vapid
key = Vapid()
key.generate_keys()
webpush(given["push_subscription"], "Hello", vapid_private_key=key,
        vapid_claims={"sub": "mailto:push@shop.test"}, ttl=3600)
""",
    ),
    "twilio": (
        "sms",
        """
from twilio.rest import Client
client = Client("AC" + 32 * "1", "made-up-token")
client.messages.create(to=given["address"], from_="+14155550100", body="Hello")
""",
    ),
    "smtplib by its variables": (
        "email",
        _MAIL
        + """
with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])) as client:
    client.send_message(message)
""",
    ),
    "smtplib by the name of its server": (
        "email",
        _MAIL
        + """
with smtplib.SMTP("smtp.shop.test", 587) as client:
    client.starttls(context=ssl.create_default_context())
    client.send_message(message)
""",
    ),
    "aiosmtplib under TLS": (
        "email",
        _MAIL
        + """
import aiosmtplib
asyncio.run(aiosmtplib.send(message, hostname="smtp.shop.test", use_tls=True))
""",
    ),
}
"""Client -> the platform of its device, and the program."""

_NODE_BEGIN = f"""
const given = JSON.parse(process.argv[1] ?? process.argv[2]);
const url = "https://api.onesignal.com/notifications";
const headers = {{"authorization": "Key {KEY}", "content-type": "application/json"}};
const body = JSON.stringify({{
  app_id: "{APP_ID}",
  target_channel: "push",
  include_aliases: {{external_id: [given.external_id]}},
  contents: {{en: "Hello"}},
}});
const fail = (why) => {{ console.error(why); process.exit(1); }};
const check = (status) => {{ if (status !== 200) fail(status); }};
"""

NODE: Final[dict[str, tuple[str, str]]] = {
    "fetch": (
        "android",
        'fetch(url, {method: "POST", headers, body}).then((it) => check(it.status)).catch(fail);',
    ),
    "https": (
        "android",
        """
const request = require("node:https").request(url, {method: "POST", headers}, (answer) => {
  check(answer.statusCode);
  answer.resume();
});
request.on("error", fail);
request.end(body);
""",
    ),
    "http2": (
        "ios",
        """
const session = require("node:http2").connect("https://api.push.apple.com");
session.on("error", fail);
const push = session.request({
  ":method": "POST",
  ":path": `/3/device/${given.token}`,
  authorization: `bearer ${given.provider_token}`,
  "apns-topic": given.topic,
  "apns-push-type": "alert",
});
push.on("response", (answer) => check(answer[":status"]));
push.on("close", () => session.close());
push.end(JSON.stringify({aps: {alert: "Hello"}}));
push.resume();
""",
    ),
    "mail under TLS": (
        "email",
        r"""
const conn = require("node:tls").connect(
  {host: "smtp.shop.test", port: 465, servername: "smtp.shop.test"});
const lines = ["EHLO shop.test", "MAIL FROM:<news@shop.test>", `RCPT TO:<${given.address}>`,
  "DATA", "Subject: Hello\r\n\r\nHello\r\n.", "QUIT"];
conn.on("error", fail);
conn.on("data", (data) => {
  if (/^[45]/.test(data)) fail(data);
  const next = lines.shift();
  if (next) conn.write(`${next}\r\n`);
});
""",
    ),
}
"""What Node itself offers -> the platform, and the program."""

CURL: Final[dict[str, tuple[str, list[str]]]] = {
    "https": (
        "android",
        [
            *["https://api.onesignal.com/notifications", "--fail", "--silent", "--show-error"],
            *["--header", f"Authorization: Key {KEY}"],
            *["--header", "Content-Type: application/json", "--data"],
            (
                f'{{"app_id": "{APP_ID}", "target_channel": "push", "contents": {{"en": "Hello"}}, '
                '"include_aliases": {"external_id": ["EXTERNAL_ID"]}}'
            ),
        ],
    ),
    "HTTP/2": (
        "ios",
        [
            *["https://api.push.apple.com/3/device/TOKEN", "--http2", "--fail", "--silent"],
            *["--header", "authorization: bearer PROVIDER_TOKEN", "--header", "apns-topic: TOPIC"],
            *["--data", '{"aps": {"alert": "Hello"}}'],
        ],
    ),
    "mail": (
        "email",
        [
            *["smtp://smtp.shop.test:587", "--ssl-reqd", "--silent", "--show-error"],
            *["--mail-from", "news@shop.test", "--mail-rcpt", "ADDRESS", "--upload-file", "-"],
        ],
    ),
}
"""What curl can -> the platform, and its arguments; words in capitals are put in."""

JAVA: Final[dict[str, str]] = {"HttpClient": "android", "HttpsURLConnection": "android"}
"""What Java itself offers -> the platform; which one is the program's first argument."""

JAVA_SOURCE: Final = f"""
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Send {{
    static final URI URL = URI.create("https://api.onesignal.com/notifications");
    static final String KEY = "Key {KEY}";

    public static void main(String[] given) throws Exception {{
        String body = "{{\\"app_id\\": \\"{APP_ID}\\", \\"target_channel\\": \\"push\\", "
            + "\\"contents\\": {{\\"en\\": \\"Hello\\"}}, "
            + "\\"include_aliases\\": {{\\"external_id\\": [\\"" + given[1] + "\\"]}}}}";
        int status = given[0].equals("HttpClient") ? sendAnew(body) : sendAsEver(body);
        if (status != 200) throw new IllegalStateException("answered " + status);
    }}

    static int sendAnew(String body) throws Exception {{
        HttpRequest request = HttpRequest.newBuilder(URL)
            .header("Authorization", KEY)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        return HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString())
            .statusCode();
    }}

    static int sendAsEver(String body) throws Exception {{
        HttpURLConnection connection = (HttpURLConnection) URL.toURL().openConnection();
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.setRequestProperty("Authorization", KEY);
        connection.setRequestProperty("Content-Type", "application/json");
        try (OutputStream out = connection.getOutputStream()) {{
            out.write(body.getBytes("UTF-8"));
        }}
        return connection.getResponseCode();
    }}
}}
"""


def python_command(name: str, given: str) -> list[str]:
    """Return the command of a program of Python's."""
    return [sys.executable, "-c", _BEGIN + PYTHON[name][1], given]


def node_command(node: str, name: str, given: str) -> list[str]:
    """Return the command of a program of Node's."""
    return [node, "-e", _NODE_BEGIN + NODE[name][1], "--", given]


def curl_command(curl: str, name: str, given: dict[str, str]) -> list[str]:
    """Return the command of a call of curl's."""
    words = CURL[name][1]
    for key in ("external_id", "provider_token", "token", "topic", "address"):
        words = [word.replace(key.upper(), given.get(key, "")) for word in words]
    return [curl, *words]


def java_command(java: str, folder: Path, name: str, external_id: str) -> list[str]:
    """Return the command of a program of Java's, whose source is written into *folder*."""
    source = folder / "Send.java"
    source.write_text(JAVA_SOURCE, "utf-8")
    return [java, str(source), name, external_id]
