"""The files for Kubernetes and Ray: their form, what they refer to, and the settings they name."""

import argparse
import importlib.util
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from prometheus_client import CollectorRegistry

from wyoming_funasr.settings import FunasrSettings
from wyoming_melotts.settings import MelottsSettings
from wyoming_serving.monitoring import ServiceMetrics
from wyoming_serving.ray.settings import EngineSettings

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
SERVICES: dict[str, type[EngineSettings]] = {"funasr": FunasrSettings, "melotts": MelottsSettings}
SAME = {"funasr": "default_model", "melotts": "voice"}
"""What fronts and replicas must agree on."""

OF_OPERATORS = {"RayService": "speech", "ServiceMonitor": "funasr"}
"""Kinds that operators define, in the folder that KUBERNETES_CRDS names, and one of each."""
WITHOUT_SCHEMA = {*OF_OPERATORS, "Kustomization"}


def documents() -> list[dict[str, Any]]:
    """Everything that is applied."""
    return [one for file in FILES for one in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def named(kind: str, name: str) -> dict[str, Any]:
    """The document of a kind and a name."""
    known = {(one["kind"], one.get("metadata", {}).get("name")): one for one in documents()}
    return known[kind, name]


def front_of(service: str) -> dict[str, Any]:
    """The pod of a service's fronts."""
    found: dict[str, Any] = named("Deployment", service)["spec"]["template"]["spec"]
    return found


def applications() -> dict[str, dict[str, Any]]:
    """The configuration of Ray Serve, by where it stands."""
    local = yaml.safe_load((DEPLOY / "ray/serve.yaml").read_text(encoding="utf-8"))
    kuberay = yaml.safe_load(named("RayService", "speech")["spec"]["serveConfigV2"])
    return {"serve.yaml": local, "rayservice.yaml": kuberay}


def pod_specs() -> list[dict[str, Any]]:
    """Every pod: the fronts', Ray's head's and its workers'."""
    cluster = named("RayService", "speech")["spec"]["rayClusterConfig"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [*map(front_of, SERVICES), *(one["template"]["spec"] for one in groups)]


@pytest.mark.skipif(
    importlib.util.find_spec("kubernetes_validate") is None, reason="needs kubernetes-validate"
)
@pytest.mark.parametrize(
    "document",
    [one for one in documents() if one["kind"] not in WITHOUT_SCHEMA],
    ids=lambda one: f"{one['kind']} {one['metadata']['name']}",
)
def test_a_document_is_valid(document: dict[str, Any]) -> None:
    import kubernetes_validate

    kubernetes_validate.validate(document, "1.30", strict=True)


@pytest.mark.parametrize("kind", OF_OPERATORS)
def test_a_document_of_an_operator_is_valid(kind: str) -> None:
    folder = os.environ.get("KUBERNETES_CRDS")
    if folder is None:
        pytest.skip(f"needs the definition of {kind} in a folder that KUBERNETES_CRDS names")
    document = named(kind, OF_OPERATORS[kind])
    [schema] = [
        version["schema"]["openAPIV3Schema"]
        for file in Path(folder).glob("*.yaml")
        for definition in yaml.safe_load_all(file.read_text(encoding="utf-8"))
        for version in definition["spec"]["versions"]
        if definition["spec"]["names"]["kind"] == kind
        if f"{definition['spec']['group']}/{version['name']}" == document["apiVersion"]
    ]
    jsonschema.Draft202012Validator(strict(schema)).validate(document)
    document["spec"]["misspelled"] = True
    with pytest.raises(jsonschema.ValidationError, match="misspelled"):
        jsonschema.validate(document, strict(schema))


def strict(schema: Any) -> Any:
    """The same schema, which refuses the fields that a cluster would leave out without a word."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: strict(one) for name, one in schema.items()}
    is_open = schema.get("x-kubernetes-preserve-unknown-fields", False)
    if isinstance(schema.get("properties"), dict) and not is_open:
        found.setdefault("additionalProperties", False)
    return found


def test_kustomize_applies_every_file() -> None:
    [applied] = [one["resources"] for one in documents() if one["kind"] == "Kustomization"]
    assert sorted(applied) == [one.name for one in FILES if one.name != "kustomization.yaml"]


def test_every_pod_is_restricted() -> None:
    for spec in pod_specs():
        assert spec["securityContext"]["runAsNonRoot"] is True
        for container in spec["containers"]:
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            mounted = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
            assert {"/tmp", "/dev/shm", "/models"} <= mounted.keys()
            assert set(mounted.values()) <= {one["name"] for one in spec["volumes"]}


@pytest.mark.parametrize("service", SERVICES)
def test_the_probes_are_those_that_the_server_answers(service: str) -> None:
    [front] = front_of(service)["containers"]
    for name in ("startup", "readiness", "liveness"):
        asked = front[f"{name}Probe"]["httpGet"]
        path = {"startup": "startup", "readiness": "ready", "liveness": "live"}[name]
        assert asked == {"path": f"/health/{path}", "port": "http"}
    assert {one["name"] for one in front["ports"]} == {"wyoming", "http"}


@pytest.mark.parametrize("service", SERVICES)
def test_what_belongs_to_the_fronts_selects_them(service: str) -> None:
    labels = named("Deployment", service)["spec"]["template"]["metadata"]["labels"]
    assert named("Service", service)["spec"]["selector"] == labels
    for kind in ("PodDisruptionBudget", "ServiceMonitor", "Deployment"):
        assert named(kind, service)["spec"]["selector"] == {"matchLabels": labels}
    scaled = named("HorizontalPodAutoscaler", service)["spec"]["scaleTargetRef"]
    assert (scaled["kind"], scaled["name"]) == ("Deployment", service)
    [chosen] = named("NetworkPolicy", "fronts")["spec"]["podSelector"]["matchExpressions"]
    assert labels[chosen["key"]] in chosen["values"]
    [word] = front_of(service)["containers"][0]["args"]
    assert "--address=speech-head-svc:6379" in word
    assert word.endswith(f"exec wyoming-{service}")


@pytest.mark.parametrize("service", SERVICES)
def test_fronts_are_scaled_by_a_metric_of_ours(service: str) -> None:
    registry = CollectorRegistry()
    ServiceMetrics(service, registry)
    [pods] = [
        one["pods"]
        for one in named("HorizontalPodAutoscaler", service)["spec"]["metrics"]
        if one["type"] == "Pods"
    ]
    assert registry.get_sample_value(pods["metric"]["name"]) is not None
    [scraped] = named("ServiceMonitor", service)["spec"]["endpoints"]
    assert (scraped["port"], scraped["path"]) == ("http", "/metrics")


@pytest.mark.parametrize("service", SERVICES)
def test_the_fronts_settings_are_settings(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, spec = SERVICES[service], front_of(service)
    [front] = spec["containers"]
    environment = {one["name"]: one["value"] for one in front["env"]}
    assert kind.unknown_variables(environment) == []
    for name in list(os.environ):
        if name.startswith(kind.prefix()):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = kind.load(argparse.Namespace())
    assert settings.engine == "ray"
    assert settings.drain_seconds < spec["terminationGracePeriodSeconds"]
    ports = {one["containerPort"] for one in front["ports"]}
    assert ports == {int(settings.uri.rpartition(":")[2]), settings.http_port}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("place", applications())
def test_the_applications_are_those_of_the_fronts(place: str, service: str) -> None:
    config = applications()[place]
    assert config["proxy_location"] == "Disabled"
    [application] = [one for one in config["applications"] if one["name"] == service]
    settings = SERVICES[service](**application["args"])
    assert application["import_path"] == f"wyoming_{service}.ray.application:application"
    environment = {one["name"]: one["value"] for one in front_of(service)["containers"][0]["env"]}
    assert getattr(settings, SAME[service]) in environment.values()
