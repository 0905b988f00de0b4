"""An attack on the services: thousands of event streams that no client should send.

`python -m tests.attack --long` takes minutes; the tests here run a short one.
"""
