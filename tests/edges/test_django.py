"""A Django project is mounted as it is and called inside `TestCase`, in the test's own thread.

The project runs in an interpreter of its own, since Django has one set of settings a process.
"""

from __future__ import annotations

PROJECT = """
import json
import urllib.request

import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["shop.test"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="made up",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    USE_TZ=True,
)
django.setup()

from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import TestCase

from pushlab import Lab

APP_ID = "5f0c2d1e-7a6b-4c3d-8e9f-0a1b2c3d4e5f"


def say_goodbye():
    body = {
        "app_id": APP_ID,
        "include_aliases": {"external_id": ["alice"]},
        "target_channel": "push",
        "contents": {"en": "Sorry to see you go"},
    }
    request = urllib.request.Request(
        "https://api.onesignal.com/notifications",
        json.dumps(body).encode(),
        {"content-type": "application/json", "authorization": "Key made-up"},
    )
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def hook(request):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO gone VALUES (%s)", [json.loads(request.body)["externalId"]])
    return HttpResponse(say_goodbye())


urlpatterns = [path("hooks/subscription", hook)]


class HookTest(TestCase):
    def test_the_handler_calls_back(self):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE gone (who TEXT)")
        with Lab(seed=3) as lab:
            lab.redirect()
            phone = lab.device("android", external_id="alice")
            other = lab.device("ios", external_id="alice")
            lab.mount("https://shop.test", get_wsgi_application())
            lab.observe_subscriptions("https://shop.test/hooks/subscription")

            phone.opt_out()
            lab.advance(minutes=1)

            self.assertEqual(lab.webhooks[0].status, 200)
            self.assertEqual(other.tray[0].body, "Sorry to see you go")
        with connection.cursor() as cursor:
            cursor.execute("SELECT who FROM gone")
            self.assertEqual(cursor.fetchall(), [("alice",)])
"""


def test_a_handler_shares_the_tests_transaction_and_calls_the_api_back(pytester):
    pytester.makepyfile(test_project=PROJECT)

    result = pytester.runpytest_subprocess("-q", "-p", "no:asyncio", "-W", "error")

    result.assert_outcomes(passed=1)
