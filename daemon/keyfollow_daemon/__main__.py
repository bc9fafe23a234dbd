"""`python -m keyfollow_daemon`: the same as `keyfollowd`."""

import sys

from keyfollow_daemon.cli import main

sys.exit(main())
