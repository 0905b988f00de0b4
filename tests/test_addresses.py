"""One published address, told in `pyproject.toml`, stands wherever an address stands."""

import re

import yaml

from docs.write_addresses import ROOT, files, registry, repository

NAMED_BY_OTHERS = {"ghcr.io/home-assistant"}
"""Registries of images that ours build on."""


def test_the_add_on_store_is_the_repository() -> None:
    store = yaml.safe_load((ROOT / "repository.yaml").read_text(encoding="utf-8"))
    assert store["url"] == repository()


def test_every_image_is_in_the_repositorys_registry() -> None:
    named = {
        found
        for file in files()
        for found in re.findall(r"ghcr\.io/[\w-]+", file.read_text(encoding="utf-8"))
    }
    assert named - NAMED_BY_OTHERS == {registry(repository())}


def test_every_address_of_the_project_is_the_repository() -> None:
    name = repository().rpartition("/")[2]
    named = {
        found
        for file in files()
        for found in re.findall(
            rf"https://github\.com/[\w-]+/{re.escape(name)}\b", file.read_text(encoding="utf-8")
        )
    }
    assert named == {repository()}


def test_the_workflow_publishes_to_the_repositorys_registry() -> None:
    workflow = (ROOT / ".github/workflows/build.yml").read_text(encoding="utf-8")
    assert "REGISTRY: ghcr.io/${{ github.repository_owner }}\n" in workflow
    assert registry("https://github.com/Someone/name") == "ghcr.io/someone"
