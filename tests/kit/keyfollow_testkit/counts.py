"""How often the fault tests repeat themselves: few times for every change, as often as docs/promises.md says with `make test-long`."""

from __future__ import annotations

import os

COUNTS = {
    # what: (make test-faults, make test-long)
    "kills": (20, 100),
    "flips_through_jobs": (50, 1_000),
    "flips_detected": (1_000, 10_000),
    "reruns": (10, 20),
    "messages": (20_000, 20_000),
    "pickles": (5, 20),
    "key_faults": (5, 20),
    "web_requests": (20, 100),
    "traversals": (200, 200),
    "hostile_files": (30, 200),
    "slow_frames": (60, 300),
    "clients": (100, 100),
    "jobs_per_client": (3, 20),
    "vanished_clients": (100, 100),
    "disk_full": (2, 20),
    "worker_faults": (9, 51),
    "cancels": (30, 100),
    "out_of_memory": (6, 50),
    "starts": (9, 51),
    "sleep_seconds": (8, 60),
}


def count(what: str) -> int:
    """How many times `what` is done in this run of the tests. Raises KeyError for what the table does not have."""
    few, many = COUNTS[what]
    return many if os.environ.get("KEYFOLLOW_COUNTS") == "long" else few
