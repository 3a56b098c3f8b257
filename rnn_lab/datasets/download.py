"""The one way a public file comes to the learner's machine: bundled, cached or downloaded, and always checked."""

import hashlib
import os
from importlib.metadata import distribution
from pathlib import Path

BUNDLED = Path(__file__).resolve().parents[2] / "data"
MIRROR = "RNN_LAB_MIRROR"


def bundled(name: str, sha256: str) -> Path:
    """Return the path of a file that the course carries in its data folder.

    Raises
    ------
    FileNotFoundError
        If it is missing.
    ValueError
        If its content is not the one that was shipped.
    """
    path = BUNDLED / name
    if not path.is_file():
        raise FileNotFoundError(f"data/{name} is missing; bring it back with: git checkout -- data/{name}")
    if _digest(path) != sha256:
        raise ValueError(
            f"data/{name} is damaged: its sha256 is {_digest(path)}, expected {sha256}; "
            f"bring it back with: git checkout -- data/{name}"
        )
    return path


def sample_data(name: str) -> Path:
    """Return the path of a file among the sample data that matplotlib ships, without importing matplotlib."""
    return Path(str(distribution("matplotlib").locate_file(f"matplotlib/mpl-data/sample_data/{name}")))


def fetch(url: str, checksum: str, algorithm: str = "sha256") -> Path:
    """Return the path of a public file, downloaded once and checked at every use.

    The environment variable ``RNN_LAB_MIRROR`` names a folder or a URL that lays files out by their
    original URL without the scheme, for a classroom without internet.

    Parameters
    ----------
    url : str
        Where the file is published.
    checksum : str
        What it must contain.
    algorithm : {"sha256", "md5"}
        What the checksum is; an MD5 tells damage, not forgery, and is for files of which no other is known.

    Raises
    ------
    FileNotFoundError
        If the mirror is a folder without this file.
    ConnectionError
        If the file cannot be downloaded.
    ValueError
        If its content is not the expected one; a damaged download is not kept.
    """
    address = url.split("://", 1)[1]
    mirror = os.environ.get(MIRROR)
    if mirror and "://" not in mirror:
        path = Path(mirror) / address
        if not path.is_file():
            raise FileNotFoundError(f"{MIRROR} is {mirror}, which has no {address}; add the file or unset {MIRROR}")
        if _digest(path, algorithm) != checksum:
            found = _digest(path, algorithm)
            raise ValueError(f"{path} is damaged: its {algorithm} is {found}, expected {checksum}; replace it")
        return path
    return _download(f"{mirror.rstrip('/')}/{address}" if mirror else url, address, f"{algorithm}:{checksum}")


def _download(source: str, address: str, known_hash: str) -> Path:
    import pooch  # imported here, because chapters run on bundled data and most learners never download

    name = f"{hashlib.sha256(address.encode()).hexdigest()[:8]}-{Path(address).name}"
    try:
        return Path(pooch.retrieve(source, known_hash=known_hash, fname=name, path=pooch.os_cache("rnn-lab")))
    except ValueError as error:
        raise ValueError(f"{source} did not deliver the expected file and nothing was kept: {error}") from None
    except OSError as error:  # requests' errors are OSErrors
        raise ConnectionError(
            f"{Path(address).name} could not be downloaded: use the bundled data, or set {MIRROR} to a folder "
            f"or URL that has the file ({type(error).__name__} at {source})"
        ) from None


def _digest(path: Path, algorithm: str = "sha256") -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
