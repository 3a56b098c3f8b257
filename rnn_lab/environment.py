"""Is everything here that the course needs? Asked of the package's own list of requirements."""

import sys
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement


@dataclass(frozen=True)
class Environment:
    """What is installed, one row a package: name, version (or None), what is needed, and whether it fits."""

    rows: list[tuple[str, str | None, str, bool]]

    @property
    def complete(self) -> bool:
        """Whether every package is there in a version that fits."""
        return all(fits for *_, fits in self.rows)

    def __repr__(self) -> str:
        lines = [
            f"{name:<12} {'fits' if fits else f'needs {needed}'}: {version or 'missing'}"
            for name, version, needed, fits in self.rows
        ]
        verdict = (
            "Everything is here." if self.complete else "Something is missing: see the README's set-up, then try again."
        )
        return "\n".join([*lines, verdict])


def check_environment() -> Environment:
    """Compare what is installed with what the course needs."""
    python = ".".join(map(str, sys.version_info[:3]))
    rows: list[tuple[str, str | None, str, bool]] = [("python", python, ">=3.11", sys.version_info >= (3, 11))]
    for line in metadata.requires("rnn-lab") or []:
        requirement = Requirement(line)
        if requirement.marker is not None:  # tools for tests and maintenance
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            rows.append((requirement.name, None, str(requirement.specifier), False))
        else:
            rows.append((requirement.name, version, str(requirement.specifier), version in requirement.specifier))
    return Environment(rows)
