"""Whole recordings of any length and format: decoded, cut and recognized in parallel."""
