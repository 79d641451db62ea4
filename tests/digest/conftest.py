"""What the tests of this stage share: how hypothesis works on a machine that is busy with other tests."""

from hypothesis import HealthCheck, settings

settings.register_profile("kaput", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kaput")
