"""A Django project is mounted as it is and called inside `TestCase`, in the test's own thread."""

from __future__ import annotations

import json

import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

if not settings.configured:
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

from pushlab.lab import Lab
from pushlab_testing.app import App


def hook(request):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO gone VALUES (%s)", [json.loads(request.body)["externalId"]])
    answer = App(HookTest.lab).push("alice", contents={"en": "Sorry to see you go"})
    return HttpResponse(answer["id"])


urlpatterns = [path("hooks/subscription", hook)]


class HookTest(TestCase):
    lab: Lab

    def test_the_handler_shares_the_tests_transaction_and_calls_the_api_back(self):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS gone (who TEXT)")
        with Lab(seed=3) as lab:
            HookTest.lab = lab
            phone = lab.device("android", external_id="alice")
            other = lab.device("ios", external_id="alice")
            lab.mount("https://shop.test", get_wsgi_application())
            lab.observe_subscriptions("https://shop.test/hooks/subscription")

            phone.opt_out()
            lab.advance(minutes=1)

            assert lab.webhooks[0].status == 200
            assert other.tray[0].body == "Sorry to see you go"
        with connection.cursor() as cursor:
            cursor.execute("SELECT who FROM gone")
            assert cursor.fetchall() == [("alice",)]
