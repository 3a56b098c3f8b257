"""Claims: what they show, when they raise, and how `make results` gathers them."""

import importlib
import json

import nbformat
import pytest

from rnn_lab import claims
from rnn_lab.claims import ClaimFailed, claim


def test_a_claim_that_holds_shows_its_sentence_and_its_numbers():
    shown = claim("the new is better than the <old>", True, measured={"old": 2, "new": [1.0, 2.0, 3.0]})
    numbers = "[measured: old = 2, new = 2 ± 1 (3 seeds)]"
    assert repr(shown) == f"✓ the new is better than the <old> {numbers}"
    assert "the &lt;old&gt;" in shown._repr_html_() and numbers in shown._repr_html_()


def test_a_claim_that_does_not_hold_raises_with_its_numbers():
    with pytest.raises(ClaimFailed, match=r"does not hold here: one is more than two \[measured: one = 1\]"):
        claim("one is more than two", False, measured={"one": 1})


def test_a_claim_without_numbers_is_refused():
    with pytest.raises(ValueError, match="measured is empty; expected at least one number"):
        claim("it is so", True, measured={})


def test_claims_are_noted_down_when_asked_for(tmp_path, monkeypatch):
    log = tmp_path / "claims.jsonl"
    monkeypatch.setenv(claims.LOG, str(log))
    claim("first", True, measured={"a": 1})
    with pytest.raises(ClaimFailed):
        claim("second", False, measured={"b": [2, 3]})
    first, second = (json.loads(line) for line in log.read_text(encoding="utf-8").splitlines())
    assert first == {"sentence": "first", "holds": True, "measured": {"a": [1.0]}}
    assert second == {"sentence": "second", "holds": False, "measured": {"b": [2.0, 3.0]}}


def test_results_are_gathered_from_a_run_of_the_notebook(tmp_path, results):
    source = "from rnn_lab.claims import claim\nclaim('it holds', True, measured={'x': [1, 3]})"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbformat.write(notebook, tmp_path / "03_made_up.ipynb")
    gathered = {"03_made_up": results.gather(tmp_path / "03_made_up.ipynb")}
    assert "| it holds | x = 2 ± 1.4 (2 seeds) |" in results.as_markdown(gathered, "a machine")


@pytest.fixture
def results(monkeypatch, request):
    """The script that ``make results`` runs; it finds its neighbours as when it is run."""
    monkeypatch.syspath_prepend(request.config.rootpath / "tools")
    monkeypatch.setenv(claims.LOG, "")  # put back at the end, because the script sets it
    return importlib.import_module("results")
