"""The extension in Blender 5.0."""

import pytest
from keyfollow_testkit.in_blender import test_every_zip_is_valid_by_blenders_own_tool, test_inside_blender

__all__ = ["test_every_zip_is_valid_by_blenders_own_tool", "test_inside_blender"]
VERSION = "5.0.1"
pytestmark = [pytest.mark.timeout(900)]
