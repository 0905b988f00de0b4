"""What the tests of the foundation share."""

import pytest

from tests.wyoming_serving.echo import EchoService, settings


@pytest.fixture
def service() -> EchoService:
    return EchoService(settings("--idle-seconds", "60", "--max-payload-bytes", "5000"))
