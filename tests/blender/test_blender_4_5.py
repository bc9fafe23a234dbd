"""The extension in Blender 4.5."""

import pytest
from keyfollow_testkit.in_blender import test_every_zip_is_valid_by_blenders_own_tool, test_inside_blender

__all__ = ["test_every_zip_is_valid_by_blenders_own_tool", "test_inside_blender"]
VERSION = "4.5.15"
pytestmark = [pytest.mark.timeout(900)]
