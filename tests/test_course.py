"""The learner's working copy: it follows the course, and what the learner wrote is never lost."""

import json
import os
import sys

import nbformat
import pytest

from rnn_lab import __main__, course


@pytest.fixture(autouse=True)
def without_make(monkeypatch):
    """Tests run by make shall not speak its words."""
    monkeypatch.delenv("MAKELEVEL", raising=False)


@pytest.fixture
def notebooks(tmp_path):
    """A course of two chapters."""
    folder = tmp_path / "notebooks"
    ship(folder / "01_cell.ipynb", "the cell")
    ship(folder / "02_bptt.ipynb", "through time")
    return folder


@pytest.fixture
def work(tmp_path, notebooks):
    """The learner's copy of it."""
    course.sync(tmp_path / "work", notebooks)
    return tmp_path / "work"


def ship(path, *sources):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    course.write_atomically(path, nbformat.writes(notebook).encode())


def edit(path, change):
    notebook = nbformat.read(path, as_version=4)
    change(notebook.cells)
    nbformat.write(notebook, path)


def sources(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def test_the_first_start_copies_every_chapter_and_the_second_changes_nothing(tmp_path, notebooks):
    work = tmp_path / "work"
    assert course.sync(work, notebooks) == ["Added 01_cell.ipynb.", "Added 02_bptt.ipynb."]
    assert course.sync(work, notebooks) == []
    assert (work / "02_bptt.ipynb").read_bytes() == (notebooks / "02_bptt.ipynb").read_bytes()


def test_a_copy_that_was_only_run_is_renewed(work, notebooks):
    def run(cells):
        cells[0].outputs = [nbformat.v4.new_output("stream", text="42")]
        cells[0].execution_count = 7
        cells.append(nbformat.v4.new_code_cell(""))  # Shift-Enter in the last cell makes a new one

    edit(work / "01_cell.ipynb", run)
    ship(notebooks / "01_cell.ipynb", "the cell, told better")
    assert course.sync(work, notebooks) == ["Renewed 01_cell.ipynb."]
    assert sources(work / "01_cell.ipynb") == ["the cell, told better"]


@pytest.mark.parametrize(
    "change",
    [
        lambda cells: cells[0].update(source="my own cell"),
        lambda cells: cells.append(nbformat.v4.new_markdown_cell("a note")),
        lambda cells: cells.clear(),
        lambda cells: cells.insert(0, nbformat.v4.new_raw_cell(cells.pop().source)),
    ],
    ids=["edited", "added", "deleted", "of another type"],
)
def test_a_changed_copy_is_left_and_the_learner_is_told_once_there_is_a_newer_version(work, notebooks, change):
    edit(work / "01_cell.ipynb", change)
    mine = (work / "01_cell.ipynb").read_bytes()
    assert course.sync(work, notebooks) == []
    ship(notebooks / "01_cell.ipynb", "the cell, told better")
    (sentence,) = course.sync(work, notebooks)
    assert sentence.startswith("Left 01_cell.ipynb, which holds your changes") and "rnn_lab fresh 01" in sentence
    assert (work / "01_cell.ipynb").read_bytes() == mine
    course.fresh("01", work, notebooks)
    assert course.sync(work, notebooks) == []
    assert (work / "01_cell.ipynb").read_bytes() == mine


def test_the_sentence_is_in_the_words_of_make_for_those_who_use_make(work, notebooks, monkeypatch):
    monkeypatch.setenv("MAKELEVEL", "1")
    edit(work / "01_cell.ipynb", lambda cells: cells.clear())
    ship(notebooks / "01_cell.ipynb", "newer")
    assert course.sync(work, notebooks)[0].endswith("make fresh CHAPTER=01")


@pytest.mark.parametrize("record", [None, "", "{", "[]", '{"01_cell.ipynb": 3}'])
def test_without_a_sound_record_whatever_differs_counts_as_the_learners(work, notebooks, record):
    edit(work / "01_cell.ipynb", lambda cells: cells[0].update(source="my own cell"))
    (work / ".lab" / "record.json").unlink()
    if record is not None:
        (work / ".lab" / "record.json").write_text(record)
    assert [sentence[:20] for sentence in course.sync(work, notebooks)] == ["Left 01_cell.ipynb, "]
    ship(notebooks / "02_bptt.ipynb", "through time, told better")
    assert "Renewed 02_bptt.ipynb." in course.sync(work, notebooks)
    assert sources(work / "01_cell.ipynb") == ["my own cell"]


@pytest.mark.parametrize("content", [b"", b'{"cells": [', b"[]", b'{"cells": [{}]}', b'{"cells": 3}', b"\xff\xfe"])
def test_a_copy_that_cannot_be_read_is_left_as_it_is(work, notebooks, content):
    (work / "01_cell.ipynb").write_bytes(content)
    (sentence,) = course.sync(work, notebooks)
    assert sentence.startswith("Left 01_cell.ipynb, which cannot be read as a notebook")
    assert (work / "01_cell.ipynb").read_bytes() == content


def test_a_copy_that_was_deleted_comes_back_and_files_of_the_learner_stay(work, notebooks):
    (work / "01_cell.ipynb").unlink()
    ship(work / "my_own.ipynb", "mine")
    assert course.sync(work, notebooks) == ["Added 01_cell.ipynb."]
    assert sources(work / "my_own.ipynb") == ["mine"]


def test_fresh_copies_never_overwrite_one_another(work, notebooks):
    made = [course.fresh(name, work, notebooks) for name in ("02", "2", "02_bptt", "02_bptt.ipynb")]
    assert [path.name for path in made] == [f"02_bptt.fresh{number}.ipynb" for number in ("", 2, 3, 4)]
    edit(made[0], lambda cells: cells.clear())
    assert course.fresh("02", work, notebooks).name == "02_bptt.fresh5.ipynb"
    assert sources(made[0]) == []


@pytest.mark.parametrize("name", ["", "7", "bptt", "../02_bptt", "02_"])
def test_an_unknown_chapter_names_the_known_ones(work, notebooks, name):
    ship(notebooks / "00_start.ipynb", "hello")
    with pytest.raises(course.CourseError, match=r"There is no chapter .* are: 00_start, 01_cell, 02_bptt\."):
        course.fresh(name, work, notebooks)


def test_a_folder_that_cannot_be_written_gives_a_sentence_and_keeps_the_copy(work, notebooks, monkeypatch):
    def refuse(source, target):
        raise PermissionError(13, "Permission denied", target)

    ship(notebooks / "01_cell.ipynb", "newer")
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(course.CourseError, match=r"01_cell\.ipynb cannot be written: Permission denied\. "):
        course.sync(work, notebooks)
    assert sources(work / "01_cell.ipynb") == ["the cell"]
    assert [path.name for path in work.iterdir() if path.name.endswith(".part")] == []


def test_a_file_in_the_place_of_the_folder_gives_a_sentence(tmp_path, notebooks):
    (tmp_path / "work").write_text("not a folder")
    with pytest.raises(course.CourseError, match=r"01_cell\.ipynb cannot be written"):
        course.sync(tmp_path / "work", notebooks)


def test_a_damaged_notebook_of_the_course_is_never_copied(work, notebooks):
    (notebooks / "01_cell.ipynb").write_text("<<<<<<< HEAD")
    with pytest.raises(course.CourseError, match=r"01_cell\.ipynb is damaged\. .*git checkout"):
        course.sync(work, notebooks)
    assert sources(work / "01_cell.ipynb") == ["the cell"]


@pytest.fixture
def command_line(tmp_path, notebooks, monkeypatch):
    """Run the command line on the course of two chapters, with JupyterLab replaced by a list of what it was told."""
    launched = []
    monkeypatch.setattr(course, "chapters", lambda *_, chapters=course.chapters: chapters(notebooks))
    monkeypatch.setattr("jupyterlab.labapp.LabApp.launch_instance", launched.extend)
    monkeypatch.setattr(os, "environ", os.environ.copy())

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["rnn_lab", *arguments, "--work", str(tmp_path / "work")])
        __main__.main()
        return launched

    return run


def test_the_lab_opens_the_first_chapter_of_the_working_copy(command_line, tmp_path):
    options = command_line("lab", "--no-browser", "--port", "9000")
    assert options[-3:] == ["--no-browser", "--port", "9000"]
    assert "--LabApp.default_url=/lab/tree/01_cell.ipynb" in options
    assert f"--ServerApp.root_dir={tmp_path / 'work'}" in options
    assert (tmp_path / "work" / "02_bptt.ipynb").exists()
    assert os.environ["JUPYTER_CONFIG_DIR"] == str(tmp_path / "work" / ".lab" / "config")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no root")
@pytest.mark.parametrize("user", [0, 1000])
def test_root_is_told_that_it_is_root(command_line, monkeypatch, capsys, user):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert ("--allow-root" in command_line("lab")) == (user == 0)
    assert ("You are root" in capsys.readouterr().out) == (user == 0)


def test_settings_that_the_learner_chose_in_the_lab_are_kept(command_line, tmp_path):
    command_line("lab")
    (news,) = (tmp_path / "work" / ".lab" / "settings").rglob("notification.jupyterlab-settings")
    assert json.loads(news.read_text()) == {"fetchNews": "false", "checkForUpdates": False}
    news.write_text('{"fetchNews": "true"}')
    command_line("lab")
    assert news.read_text() == '{"fetchNews": "true"}'


def test_a_missing_jupyterlab_is_a_sentence(command_line, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
    with pytest.raises(SystemExit, match=r"JupyterLab cannot be imported .* pip install -e \. -c constraints\.txt"):
        command_line("lab")


def test_fresh_says_where_the_chapter_is(command_line, tmp_path, capsys):
    command_line("fresh", "02")
    assert str(tmp_path / "work" / "02_bptt.fresh.ipynb") in capsys.readouterr().out


def test_an_unknown_chapter_ends_with_a_sentence(command_line):
    with pytest.raises(SystemExit, match="There is no chapter '12'"):
        command_line("fresh", "12")


def test_fresh_refuses_what_it_does_not_know(command_line, capsys):
    with pytest.raises(SystemExit):
        command_line("fresh", "02", "--force")
    assert "unrecognized arguments: --force" in capsys.readouterr().err
