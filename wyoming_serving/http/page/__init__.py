"""The page for people: what the service hears, decides and costs, seen in a browser."""
