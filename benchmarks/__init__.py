"""Programs that measure the services, and what they measure with."""
