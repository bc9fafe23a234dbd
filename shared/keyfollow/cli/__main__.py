"""`python -m keyfollow.cli`: the same as `keyfollow`."""

import sys

from . import main

sys.exit(main())
