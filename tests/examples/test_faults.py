"""The README on planning what goes wrong."""


def test_an_outage_of_the_gateway_delays_a_push(pushlab):
    pushlab.outage("fcm", end="2026-01-01T00:00:15Z")
    pushlab.fault("onesignal POST /notifications", status=429, retry_after_s=1, times=1)
    pushlab.fault("apns", status=410, share=0.5)

    assert [fault.where for fault in pushlab.faults.list()] == [
        "fcm",
        "onesignal POST /notifications",
        "apns",
    ]
