"""Who may import whom, read from the source: imports inside functions count as well."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "wyoming_serving": {"wyoming_serving"},
    "wyoming_funasr": {"wyoming_serving", "wyoming_funasr"},
    "wyoming_melotts": {"wyoming_serving", "wyoming_melotts"},
}
"""What of the repository each package of the distribution may import."""

OURS = {path.parent.name for path in ROOT.glob("*/__init__.py")}
LONGEST_FILE = 400

ROOMS = {
    "wyoming_funasr.audio": {"wyoming_funasr.recognition.types"},
    "wyoming_funasr.recognition": set(),
    "wyoming_funasr.engines": {"wyoming_funasr.audio", "wyoming_funasr.recognition"},
    "wyoming_melotts.normalization": set(),
    "wyoming_melotts.frontends": {"wyoming_melotts.normalization"},
    "wyoming_melotts.delivery": {
        "wyoming_melotts.frontends",
        "wyoming_melotts.spoken",
        "wyoming_melotts.voices",
    },
}
"""What else of its service a room may import: rooms that know nothing of requests or settings."""

NOT_IN_REQUESTS = ("service", "pipeline", "engines", "synthesis", "loading", "files", "commands")


def _modules() -> dict[str, Path]:
    """Every module of the packages by its dotted name."""
    found = {}
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = file
    return found


def _imports(file: Path) -> Iterator[str]:
    """The modules that a file imports anywhere in it, also under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{file} has a relative import"
            members = (f"{node.module}.{name.name}" for name in node.names)
            yield from (member if member in MODULES else node.module for member in members)


MODULES = _modules()
GRAPH = {name: set(_imports(file)) for name, file in MODULES.items()}


def _inside(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def test_the_walk_sees_imports() -> None:
    assert "wyoming_serving.errors" in GRAPH["wyoming_serving.session"]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_itself_and_the_foundation(package: str) -> None:
    forbidden = OURS - PACKAGES[package]
    wrong = [
        f"{name} imports {imported}"
        for name in MODULES
        if _inside(name, package)
        for imported in GRAPH[name]
        if _inside(imported, *forbidden)
    ]
    assert wrong == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_builds_on(room: str) -> None:
    service = room.partition(".")[0]
    wrong = [
        f"{name} imports {imported}"
        for name in MODULES
        if _inside(name, room)
        for imported in GRAPH[name]
        if _inside(imported, service) and not _inside(imported, room, *ROOMS[room])
    ]
    assert wrong == []


@pytest.mark.parametrize("service", ["wyoming_funasr", "wyoming_melotts"])
def test_requests_know_neither_the_service_nor_the_models(service: str) -> None:
    forbidden = [f"{service}.{room}" for room in NOT_IN_REQUESTS]
    wrong = [
        f"{name} imports {imported}"
        for name in MODULES
        if _inside(name, f"{service}.requests")
        for imported in GRAPH[name]
        if _inside(imported, *forbidden)
    ]
    assert wrong == []


@pytest.mark.parametrize("service", ["wyoming_funasr", "wyoming_melotts"])
def test_only_the_program_and_the_in_process_engine_import_the_service(service: str) -> None:
    importers = {name for name in MODULES if f"{service}.service" in GRAPH[name]}
    in_process = {f"{service}.{name}" for name in ("speaker", "recognizer")}
    assert f"{service}.__main__" in importers
    assert importers <= {f"{service}.__main__", *in_process}


def test_no_imports_run_in_a_circle() -> None:
    """An import under TYPE_CHECKING or inside a function hides a circle and does not end it."""
    left = {name: GRAPH[name] & GRAPH.keys() - {name} for name in GRAPH}
    while leaves := {name for name, imported in left.items() if not imported}:
        left = {name: imported - leaves for name, imported in left.items() if name not in leaves}
    assert left == {}, "these modules, or what they import, are in a circle"


def test_torch_is_imported_in_its_back_ends_alone() -> None:
    importers = {
        name
        for name in MODULES
        if any(_inside(imported, "torch", "torchaudio") for imported in GRAPH[name])
        and "torch" not in name.split(".")
    }
    assert importers == set()


@pytest.mark.parametrize(
    ("package", "module"),
    [("ray", "wyoming_serving.ray.cluster"), ("opentelemetry", "wyoming_serving.tracing.otlp")],
)
def test_an_extra_is_imported_in_one_module_alone(package: str, module: str) -> None:
    importers = {
        name for name in MODULES if any(_inside(imported, package) for imported in GRAPH[name])
    }
    assert importers == {module}


def test_no_file_is_long() -> None:
    long = {
        name: lines
        for name, file in MODULES.items()
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}
