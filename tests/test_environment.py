"""The check of chapter 00: what is installed, and whether it fits."""

from importlib import metadata

from rnn_lab.environment import check_environment


def test_this_environment_is_complete_and_says_so():
    found = check_environment()
    assert found.complete
    assert [name for name, *_ in found.rows][:2] == ["python", "numpy"]
    assert repr(found).endswith("Everything is here.")


def test_a_missing_and_an_old_package_are_named(monkeypatch):
    installed = metadata.version

    def version(name):
        if name == "tqdm":
            raise metadata.PackageNotFoundError(name)
        return "1.0" if name == "numpy" else installed(name)

    monkeypatch.setattr(metadata, "version", version)
    found = check_environment()
    assert not found.complete
    lines = repr(found).splitlines()
    assert any(line.startswith("tqdm") and "needs" in line and line.endswith("missing") for line in lines)
    assert any(line.startswith("numpy") and "needs" in line and line.endswith("1.0") for line in lines)
    assert lines[-1].startswith("Something is missing")
