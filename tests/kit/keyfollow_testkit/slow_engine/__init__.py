"""An engine that takes as long as it is told, and that a test can trip: for kills, stops, cancels and full disks.

Registered by ``KEYFOLLOW_EXTRA_ENGINES="slow=keyfollow_testkit.slow_engine.info"`` with ``tests/kit`` on PYTHONPATH.
"""
