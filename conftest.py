"""What holds for every test: the person's own storage is never touched, and hypothesis draws the same examples each time."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

# No deadline: on a busy machine of two cores it measures the neighbours.
settings.register_profile("keyfollow", deadline=None, derandomize=True, database=None)
settings.load_profile("keyfollow")


def pytest_configure(config: pytest.Config) -> None:
    """What numba compiles is kept for the run: every daemon with a home of its own would compile it anew, many seconds each time.

    One folder for each process of pytest-xdist: numba's cache is not made for two that write.
    """
    folder = tempfile.mkdtemp(prefix="keyfollow-kernels-")
    os.environ["NUMBA_CACHE_DIR"] = folder
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """`KEYFOLLOW_HOME` in a temporary folder, for this process and for all that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEYFOLLOW_HOME", str(tmp_path_factory.mktemp("keyfollow_home")))
        patch.delenv("KEYFOLLOW_STORAGE", raising=False)
        yield
