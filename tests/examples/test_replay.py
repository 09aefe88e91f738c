"""The README on recording a run."""

from pushlab_scenarios.replay import replay


def test_a_run_is_lived_again(pushlab):
    pushlab.device("android", external_id="alice").go_offline()
    pushlab.advance(days=1)

    again = replay(pushlab.record())

    assert again.trace.digest == pushlab.trace.digest
