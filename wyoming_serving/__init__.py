"""The foundation of a Wyoming inference service.

It knows the protocol, processes, devices and downloads, and nothing of speech models.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("wyoming-funasr-melotts")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0.0.0+unknown"
