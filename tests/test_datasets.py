"""Data: the bundled series, and the one path by which public files come, with a mirror on this machine."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import numpy as np
import pytest

from rnn_lab.datasets import climate, download, sunspots
from rnn_lab.datasets.download import fetch

CONTENT = b"some public numbers\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
URL = "https://example.org/data/numbers.txt"


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A folder that lays files out by their URL, and RNN_LAB_MIRROR set to it."""
    folder = tmp_path / "mirror"
    file = folder / "example.org" / "data" / "numbers.txt"
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    monkeypatch.setenv("RNN_LAB_MIRROR", str(folder))
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder where downloads are kept, an empty one."""
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache" / project)
    return tmp_path / "cache" / "rnn-lab"


class Recording(SimpleHTTPRequestHandler):
    """Serves files, remembers what was asked for, and writes no log."""

    paths: ClassVar[list[str]] = []

    def do_GET(self):
        self.paths.append(self.path)
        super().do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture
def server(mirror, monkeypatch):
    """The mirror served over HTTP on this machine, and RNN_LAB_MIRROR set to its address."""
    Recording.paths.clear()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Recording, directory=mirror.parent)) as http:
        threading.Thread(target=http.serve_forever, args=[0.01]).start()
        monkeypatch.setenv("RNN_LAB_MIRROR", f"http://127.0.0.1:{http.server_port}/mirror/")
        yield http
        http.shutdown()


def test_yearly_sunspots():
    series = sunspots()
    assert series.years.tolist() == list(range(1700, 2009))
    assert series.values.shape == (309,) and series.values.dtype == np.float64
    assert (series.values[0], series.values[-1], series.values.min()) == (5, 2.9, 0)
    assert (series.years[series.values.argmax()], series.values.max()) == (1957, 190.2)  # the strongest cycle, the 19th
    assert "sunspot" in series.unit


def test_monthly_sunspots_are_read_from_their_table(tmp_path, monkeypatch):
    table = b"MEAN NUMBERS\n====\nYear Jan Feb\n1749 %s\n1750   %s\n\nNote: 2008 is preliminary.\n" % (
        b" ".join(b"%d.5" % month for month in range(12)),
        b"  ".join(b"%d.0" % month for month in range(100, 112)),
    )
    file = tmp_path / climate.MONTHLY_URL.removeprefix("https://")
    file.parent.mkdir(parents=True)
    file.write_bytes(table)
    monkeypatch.setenv("RNN_LAB_MIRROR", str(tmp_path))
    monkeypatch.setattr(climate, "MONTHLY_SHA256", hashlib.sha256(table).hexdigest())
    series = sunspots("monthly")
    assert series.values.tolist() == [*np.arange(0.5, 12), *range(100, 112)]
    np.testing.assert_allclose(series.years, 1749 + np.arange(24) / 12)


def test_an_unknown_source_is_refused():
    with pytest.raises(ValueError, match=r"source is 'daily'; expected 'yearly' .* or 'monthly'"):
        sunspots("daily")


def test_bundled_data_that_is_missing_or_damaged_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "BUNDLED", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"data/sunspots_yearly.csv is missing; .*git checkout"):
        sunspots()
    (tmp_path / "sunspots_yearly.csv").write_text("year,sunspots\n1700,5\n")
    with pytest.raises(
        ValueError, match=r"data/sunspots_yearly.csv is damaged: its sha256 is .* expected .*git checkout"
    ):
        sunspots()


def test_a_folder_can_be_the_mirror(mirror):
    assert fetch(URL, SHA256) == mirror / "example.org" / "data" / "numbers.txt"


def test_a_mirror_folder_without_the_file_says_so(mirror):
    with pytest.raises(FileNotFoundError, match=r"which has no example.org/data/other.txt; add the file or unset"):
        fetch("https://example.org/data/other.txt", SHA256)


def test_a_damaged_file_in_the_mirror_is_refused(mirror):
    (mirror / "example.org" / "data" / "numbers.txt").write_bytes(CONTENT[:-3])
    with pytest.raises(ValueError, match=f"numbers.txt is damaged: its sha256 is .* expected {SHA256}"):
        fetch(URL, SHA256)


def test_a_file_is_downloaded_once_and_kept(server, cache):
    path = fetch(URL, SHA256)
    assert path.read_bytes() == CONTENT and path.parent == cache
    assert fetch(URL, SHA256) == path
    assert Recording.paths == ["/mirror/example.org/data/numbers.txt"]


def test_a_damaged_cache_is_downloaded_again(server, cache):
    path = fetch(URL, SHA256)
    path.write_bytes(b"")
    assert fetch(URL, SHA256).read_bytes() == CONTENT


def test_a_damaged_download_is_refused_and_not_kept(server, cache, mirror):
    (mirror / "example.org" / "data" / "numbers.txt").write_bytes(b"an error page")
    with pytest.raises(ValueError, match=r"numbers.txt did not deliver the expected file and nothing was kept"):
        fetch(URL, SHA256)
    assert list(cache.iterdir()) == []


def test_a_file_that_cannot_be_downloaded_says_what_to_do(server, cache):
    with pytest.raises(ConnectionError, match=r"other.txt could not be downloaded: .* or set RNN_LAB_MIRROR"):
        fetch("https://example.org/data/other.txt", SHA256)
    assert list(cache.iterdir()) == []


def test_an_unreachable_server_says_what_to_do(cache, monkeypatch):
    monkeypatch.setenv("RNN_LAB_MIRROR", "http://127.0.0.1:9")  # the discard port, where nobody listens
    with pytest.raises(ConnectionError, match=r"could not be downloaded: use the bundled data"):
        fetch(URL, SHA256)
