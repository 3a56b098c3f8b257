"""The learner's working copy of the notebooks, which an update of the course never overwrites.

The lab opens the folder ``work/``, a copy of ``notebooks/``. A record in ``work/.lab/`` remembers, for each notebook, a
digest of the version that the learner was last given. A copy that still matches its record holds nothing of the
learner's and is renewed when the course changes; any other copy is left alone.
"""

import contextlib
import hashlib
import itertools
import json
import os
from pathlib import Path

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
WORK = NOTEBOOKS.with_name("work")


class CourseError(Exception):
    """What keeps the working copy from being made, as a sentence for the learner."""


def sync(work: Path = WORK, notebooks: Path = NOTEBOOKS) -> list[str]:
    """Bring the working copy up to date without touching what the learner changed.

    Parameters
    ----------
    work : Path
        Folder of the working copy; made when it is missing.
    notebooks : Path
        Folder of the course's own notebooks.

    Returns
    -------
    list of str
        A sentence for each chapter that was added, renewed, or left although the course has a newer version of it.

    Raises
    ------
    CourseError
        If a notebook of the course is damaged, or ``work`` cannot be written.
    """
    record = _read_record(work)
    report = []
    for original in chapters(notebooks):
        name, copy, shipped = original.name, work / original.name, _digest(original)
        if shipped is None:
            raise CourseError(f"{original} is damaged. Get the course's version back with: git checkout -- {original}")
        held, given = _digest(copy), record.get(name)
        if held == shipped:
            record[name] = shipped
        elif not copy.exists() or (held is not None and held == given):
            report.append(f"Renewed {name}." if copy.exists() else f"Added {name}.")
            write_atomically(copy, original.read_bytes())
            record[name] = shipped
        elif held is None:
            report.append(
                f"Left {name}, which cannot be read as a notebook; for a good copy beside it: {_command(name)}"
            )
        elif given != shipped:
            report.append(f"Left {name}, which holds your changes; for the new version beside it: {_command(name)}")
    _write_record(work, record)
    return report


def fresh(chapter: str, work: Path = WORK, notebooks: Path = NOTEBOOKS) -> Path:
    """Put a pristine copy of a chapter beside the learner's own.

    Parameters
    ----------
    chapter : str
        The chapter's number or name, such as ``"02"`` or ``"02_bptt"``.
    work, notebooks : Path
        As for `sync`.

    Returns
    -------
    Path
        The new file: ``02_bptt.fresh.ipynb``, or ``02_bptt.fresh2.ipynb`` if that exists, and so on.

    Raises
    ------
    CourseError
        If there is no such chapter, or ``work`` cannot be written.
    """
    originals = chapters(notebooks)
    wanted = chapter.removesuffix(".ipynb")
    for original in originals:
        number = original.stem.split("_")[0]
        if wanted in (original.stem, number, number.removeprefix("0")):
            break
    else:
        known = ", ".join(original.stem for original in originals)
        raise CourseError(f"There is no chapter {chapter!r}. The chapters are: {known}.")
    names = (f"{original.stem}.fresh{number if number > 1 else ''}.ipynb" for number in itertools.count(1))
    target = next(work / name for name in names if not (work / name).exists())
    write_atomically(target, original.read_bytes())
    _write_record(work, _read_record(work) | {original.name: _digest(original)})
    return target


def chapters(notebooks: Path = NOTEBOOKS) -> list[Path]:
    """Return the course's notebooks in the order of their numbers."""
    return sorted(notebooks.glob("*.ipynb"))


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, making its folder if need be.

    Raises
    ------
    CourseError
        If the file cannot be written; what was there before is then still there.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise CourseError(
            f"{path} cannot be written: {error.strerror}. May you write there, and is there room?"
        ) from error


def _digest(path: Path) -> str | None:
    """Return a digest of a notebook's cells, or None if it cannot be read; outputs and empty cells do not count."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        content = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    filled = [(kind, source) for kind, source in content if source.strip()]  # running the last cell adds an empty one
    return hashlib.sha256(json.dumps(filled).encode()).hexdigest()


def _read_record(work: Path) -> dict[str, str | None]:
    """Return the digest last given of each notebook; a record that is lost or damaged counts as empty."""
    try:
        record = json.loads((work / ".lab" / "record.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _write_record(work: Path, record: dict[str, str | None]) -> None:
    write_atomically(work / ".lab" / "record.json", json.dumps(record, indent=1).encode())


def _command(name: str) -> str:
    """Return what the learner types for a pristine copy, in the words of the command they came by."""
    number = name.split("_")[0]
    return f"make fresh CHAPTER={number}" if "MAKELEVEL" in os.environ else f"python -m rnn_lab fresh {number}"
