"""One HTTP application: health, status and metrics; a service mounts what it adds."""
