"""Where the plugin logs."""

import logging

logger = logging.getLogger("livekit.plugins.wyoming")
