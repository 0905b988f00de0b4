"""The files for Kubernetes and Ray: their form, what they refer to, and the settings they name."""

import argparse
import importlib.util
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from wyoming_funasr.settings import FunasrSettings

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
OF_OPERATORS = ("RayService", "ServiceMonitor")
"""Kinds whose definitions operators bring: files in the folder that KUBERNETES_CRDS names."""
WITHOUT_SCHEMA = {*OF_OPERATORS, "Kustomization"}


def documents() -> list[dict[str, Any]]:
    """Everything that is applied."""
    return [one for file in FILES for one in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def named(kind: str) -> dict[str, Any]:
    """The only document of a kind."""
    [found] = [one for one in documents() if one["kind"] == kind]
    return found


def pod_specs() -> list[dict[str, Any]]:
    """Every pod: the fronts', Ray's head's and its workers'."""
    cluster = named("RayService")["spec"]["rayClusterConfig"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [one["template"]["spec"] for one in (named("Deployment")["spec"], *groups)]


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
    document = named(kind)
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
    applied = named("Kustomization")["resources"]
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


def test_the_probes_are_those_that_the_server_answers() -> None:
    [front] = named("Deployment")["spec"]["template"]["spec"]["containers"]
    for name in ("startup", "readiness", "liveness"):
        asked = front[f"{name}Probe"]["httpGet"]
        path = {"startup": "startup", "readiness": "ready", "liveness": "live"}[name]
        assert asked == {"path": f"/health/{path}", "port": "http"}
    assert {one["name"] for one in front["ports"]} == {"wyoming", "http"}


def test_the_fronts_settings_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = named("Deployment")["spec"]["template"]["spec"]
    [front] = spec["containers"]
    environment = {one["name"]: one["value"] for one in front["env"]}
    assert FunasrSettings.unknown_variables(environment) == []
    for name in list(os.environ):
        if name.startswith("FUNASR_"):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = FunasrSettings.load(argparse.Namespace())
    assert settings.engine == "ray"
    assert settings.drain_seconds < spec["terminationGracePeriodSeconds"]
    ports = {one["containerPort"] for one in front["ports"]}
    assert ports == {int(settings.uri.rpartition(":")[2]), settings.http_port}


def test_the_applications_are_those_of_the_fronts() -> None:
    local = yaml.safe_load((DEPLOY / "ray/serve.yaml").read_text(encoding="utf-8"))
    assert yaml.safe_load(named("RayService")["spec"]["serveConfigV2"]).keys() == local.keys()
    for config in (local, yaml.safe_load(named("RayService")["spec"]["serveConfigV2"])):
        [application] = config["applications"]
        settings = FunasrSettings(**application["args"])
        assert application["name"] == "funasr"
        assert application["import_path"] == "wyoming_funasr.ray.application:application"
        environment = named("Deployment")["spec"]["template"]["spec"]["containers"][0]["env"]
        model = next(one["value"] for one in environment if one["name"] == "FUNASR_MODEL_DIR")
        assert settings.default_model == model
