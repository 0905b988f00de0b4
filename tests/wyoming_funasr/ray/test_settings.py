"""What the settings of an engine in a cluster allow, and what is said where there is no ray."""

import importlib.util

import pytest

from tests.wyoming_funasr.conftest import SettingsMaker
from wyoming_funasr.service import FunasrService
from wyoming_serving.errors import ServiceError
from wyoming_serving.settings import SettingsError


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--ray-address", "ray://host:1"), "auto, HOST:PORT"),
        (("--ray-min-replicas", "3"), "1 is less than ray_min_replicas, 3"),
    ],
)
def test_what_cannot_be_is_said(
    make_settings: SettingsMaker, words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        make_settings(*words)


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="ray is installed")
async def test_without_ray_the_line_names_the_extra(make_settings: SettingsMaker) -> None:
    service = FunasrService(make_settings("--model-dir", "demo", "--engine", "ray"))
    try:
        with pytest.raises(ServiceError, match=r"pip install 'wyoming-funasr-melotts\[ray\]'"):
            await service.load()
    finally:
        await service.close()


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs ray, by the extra ray")
def test_no_token_goes_into_the_clusters_configuration(make_settings: SettingsMaker) -> None:
    from wyoming_funasr.ray.application import from_settings

    words = ("--home-assistant-url", "http://ha.local:8123", "--home-assistant-token", "secret")
    with pytest.raises(ServiceError, match="from home_assistant_token_file"):
        from_settings(make_settings(*words))
