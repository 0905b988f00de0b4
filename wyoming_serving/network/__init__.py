"""Sockets: who may connect, from where, and how bytes pass within bounds."""
