"""What holds for every test: the person's own storage is never touched, and hypothesis draws the same examples each time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

# No deadline: on a busy machine of two cores it measures the neighbours.
settings.register_profile("keyfollow", deadline=None, derandomize=True, database=None)
settings.load_profile("keyfollow")


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """`KEYFOLLOW_HOME` in a temporary folder, for this process and for all that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEYFOLLOW_HOME", str(tmp_path_factory.mktemp("keyfollow_home")))
        patch.delenv("KEYFOLLOW_STORAGE", raising=False)
        yield
