"""The files that set the course up agree with one another."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
)
# Conda's own matplotlib brings a desktop toolkit along, and its soundfile has an older name.
CONDA_NAMES = {"matplotlib-base": "matplotlib", "pysoundfile": "soundfile"}


def ranges(requirements):
    parsed = map(Requirement, requirements)
    return {CONDA_NAMES.get(requirement.name, requirement.name): requirement.specifier for requirement in parsed}


def normalised(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_conda_and_pip_install_the_same_packages_in_the_same_ranges():
    listed = [entry for entry in ENVIRONMENT["dependencies"] if isinstance(entry, str) and entry != "pip"]
    expected = ranges(PROJECT["dependencies"]) | {"python": SpecifierSet(PROJECT["requires-python"])}
    assert ranges(listed) == expected
    assert ENVIRONMENT["dependencies"][-1] == {"pip": ["--editable ."]}


@pytest.mark.parametrize("extra", ["core", "test", "lint"])
def test_every_pin_is_within_its_range(extra):
    requirements = PROJECT["dependencies"] if extra == "core" else PROJECT["optional-dependencies"][extra]
    pins = {normalised(name): version for name, version in PINS.items()}
    for name, specifier in ranges(requirements).items():
        assert pins[name] in specifier, f"{name} {pins[name]} is pinned, but pyproject.toml asks for {specifier}"


def test_every_pin_takes_the_oldest_python_of_the_course():
    installed = {normalised(distribution.name): distribution for distribution in metadata.distributions()}
    pinned = {
        name: installed[normalised(name)].metadata.get("Requires-Python", "")
        for name, version in PINS.items()
        if normalised(name) in installed and installed[normalised(name)].version == version
    }
    assert {name: asked for name, asked in pinned.items() if "3.11.0" not in SpecifierSet(asked)} == {}


def test_constraints_hold_names_and_versions_alone():
    assert all(re.fullmatch(r"[\w.-]+", name) for name in PINS)
    assert all(re.fullmatch(r"[\w.]+", version) for version in PINS.values())


def test_the_commit_hooks_use_the_pinned_ruff():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    assert {dependency for hook in hooks for dependency in hook["additional_dependencies"]} == {f"ruff=={PINS['ruff']}"}
