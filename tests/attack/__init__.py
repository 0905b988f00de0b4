"""An attack on the services: thousands of conversations that no client should have.

`python -m tests.attack --long` takes minutes; the tests here run a short one.
"""
