"""A push sent to APNs with httpx, to a phone whose app is gone."""

import time

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec

KEY = ec.generate_private_key(ec.SECP256R1())  # yours, from Apple


def push(token, alert):
    claims = {"iss": "TEAM123456", "iat": int(time.time())}
    bearer = jwt.encode(claims, KEY, "ES256", headers={"kid": "KEY1234567"})
    with httpx.Client(http2=True) as client:
        return client.post(
            f"https://api.push.apple.com/3/device/{token}",
            json={"aps": {"alert": alert}},
            headers={"authorization": f"bearer {bearer}", "apns-topic": "com.example.shop"},
        )


def test_apns_tells_of_an_uninstall_days_later(pushlab):
    phone = pushlab.device("ios")
    token = phone.token  # as your server keeps it
    assert push(token, "Hello").status_code == 200

    phone.uninstall()
    assert push(token, "Still there?").status_code == 200  # nobody has told APNs yet

    pushlab.advance(days=31)
    assert push(token, "Anybody?").json()["reason"] == "Unregistered"
