"""Print what Python packages are installed, with versions and licenses, in CycloneDX's JSON.

    python -m images.bill_of_materials > sbom.json

The format: https://cyclonedx.org/docs/1.6/json/. The images hold theirs in `/opt/venv/sbom.json`.
"""

import json
import sys
from importlib.metadata import Distribution, distributions


def main() -> None:
    installed = sorted(distributions(), key=lambda package: package.name.lower())
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [component(package) for package in installed],
    }
    json.dump(bill, sys.stdout, indent=1)


def component(package: Distribution) -> dict[str, object]:
    """One package as CycloneDX has it."""
    name = package.name.lower().replace("_", "-")
    return {
        "type": "library",
        "name": package.name,
        "version": package.version,
        "purl": f"pkg:pypi/{name}@{package.version}",
        "licenses": [{"license": {"name": text}} for text in licenses(package)],
    }


def licenses(package: Distribution) -> list[str]:
    """What a package says of its license: the expression, else the field and the classifiers."""
    expression = package.metadata.get_all("License-Expression")
    if expression:
        return list(expression)
    field = "".join(package.metadata.get_all("License") or []).strip().splitlines()[:1]
    classifiers = package.metadata.get_all("Classifier") or []
    named = [text.rpartition(" :: ")[2] for text in classifiers if text.startswith("License ::")]
    return list(dict.fromkeys([text for text in field if text != "UNKNOWN"] + named))


if __name__ == "__main__":
    main()
