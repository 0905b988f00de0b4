"""Trying the services on this machine, offline, with the demo models."""
