"""The Grafana dashboard asks for what the services measure."""

import json
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.support.http import fetch, free_port
from tests.support.wire import connect
from tests.wyoming_funasr.conftest import ServiceMaker
from tests.wyoming_funasr.test_protocol import request, transcript
from wyoming_funasr.requests.speculation import SpeculationOutcome
from wyoming_serving.monitoring import GpuMemoryCollector
from wyoming_serving.reports import Stage
from wyoming_serving.service import running
from wyoming_serving.supervision import Problem

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text("utf-8"))
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]

_SELECTOR = re.compile(r'([a-z_]+)\{job="\$job"(?:,([a-z_]+)(?:=|!=)"([a-z_]+)")?\}')


async def test_every_query_names_a_metric_of_a_real_scrape(make_service: ServiceMaker) -> None:
    http = free_port()
    service = make_service("--http-port", str(http))
    service.pipelines[0].count_speculation(SpeculationOutcome.USED)
    service.metrics.register(GpuMemoryCollector("cuda:0", lambda: (1, 2)))  # as on a GPU
    async with running(service) as port, connect(port) as wire:
        await wire.send(*request())
        await transcript(wire)
        service.set_problem(Problem.REDUCED, "for the test")
        _, scrape = await fetch(http, "/metrics")
    samples = {
        (sample.name, label, value)
        for family in text_string_to_metric_families(scrape)
        for sample in family.samples
        for label, value in [("", ""), *sample.labels.items()]
    }
    asked = [match.groups(default="") for text in EXPRESSIONS for match in _SELECTOR.finditer(text)]
    assert len(asked) >= len(EXPRESSIONS)
    of_speech = ("wyoming_stage_seconds_bucket", "stage", Stage.FIRST_AUDIO)  # of the other service
    assert [one for one in asked if one not in samples] == [of_speech, of_speech]


def test_panels_do_not_overlap_and_are_named_once() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    titles = [panel["title"] for panel in DASHBOARD["panels"]]
    assert len(set(titles)) == len(titles)
