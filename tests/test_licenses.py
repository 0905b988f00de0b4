"""What a default installation brings can be passed on under this package's license."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement

from images.bill_of_materials import component, licenses

GPL = re.compile(r"\bA?GPL|GNU (Affero )?General Public")
"""The LGPL is not meant: libraries that can be replaced are only named in NOTICE."""


def _installed(name: str, extras: set[str], found: dict[str, Distribution]) -> None:
    """Add a package and what it needs here to `found`, which has extras in the keys."""
    try:
        package = distribution(name)
    except PackageNotFoundError:
        pytest.skip(f"needs {name}: pip install '.[all]'")
    for text in package.requires or []:
        needed = Requirement(text)
        marker = needed.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            key = f"{needed.name.lower()}[{','.join(sorted(needed.extras))}]"
            if key not in found:
                found[key] = distribution(needed.name)
                _installed(needed.name, set(needed.extras), found)


@pytest.fixture(scope="module")
def packages() -> list[Distribution]:
    found: dict[str, Distribution] = {}
    _installed("wyoming-funasr-melotts", {"all"}, found)
    return list(found.values())


def test_nothing_is_under_the_gpl(packages: list[Distribution]) -> None:
    assert len(packages) > 40
    named = {package.name: licenses(package) for package in packages}
    under_gpl = {name: texts for name, texts in named.items() if GPL.search(" ".join(texts))}
    assert under_gpl == {}


def test_the_bill_of_materials_names_every_package_with_its_license(
    packages: list[Distribution],
) -> None:
    for package in packages:
        listed = component(package)
        assert listed["name"] and listed["version"]
        assert str(listed["purl"]).startswith("pkg:pypi/")


@pytest.mark.parametrize(
    ("text", "forbidden"),
    [
        ("GPL-3.0-or-later", True),
        ("GNU General Public License v3 or later (GPLv3+)", True),
        ("AGPL-3.0-only", True),
        ("LGPL-2.1-or-later", False),
        ("GNU Library or Lesser General Public License (LGPL)", False),
    ],
)
def test_the_gpl_is_told_from_the_lgpl(text: str, forbidden: bool) -> None:
    assert bool(GPL.search(text)) is forbidden
