import pytest

from wyoming_funasr.home.description import Home, parse_home

HOME = """
floors:
- {name: Upper Floor, aliases: [二楼]}
areas:
- {name: Sunroom, aliases: [阳光房]}
- {name: Library, aliases: [茶室], floor: Upper Floor}
entities:
- {name: Reading Lamp, aliases: [阅读灯], domain: light, area: Library}
- {name: Fairy Lights, aliases: [彩灯], domain: light}
- {name: Living Room Light, aliases: [客厅灯], domain: light}
- {name: Skylight, aliases: [天窗], domain: cover, area: Sunroom}
- {name: Back Gate, aliases: [后门], domain: lock}
- {name: Front Gate, aliases: [前门], domain: lock}
- {name: Movie Night, aliases: [观影], domain: scene}
lists:
  station: [jazz, 新闻]
sentences:
- play [some] {station} radio
- 播放{station}电台
"""


@pytest.fixture(scope="session")
def home() -> Home:
    return parse_home(HOME, "home.yaml")
