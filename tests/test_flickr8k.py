"""Photographs with captions: from a folder, from the archives, and what is said of those that are missing or broken."""

import hashlib
import re
import zipfile
from functools import partial

import numpy as np
import pytest
from PIL import Image
from support import assert_same

from rnn_lab.datasets import flickr8k
from rnn_lab.datasets.captions import Captioned
from rnn_lab.datasets.translation import Vocabulary
from rnn_lab.models import CaptionDecoder, Captioner, PictureEncoder
from rnn_lab.nn import Adam
from rnn_lab.training import fit

SHAPES = (30, 60), (80, 50), (40, 40)  # height and width of the photographs


@pytest.fixture
def folder(tmp_path):
    """A data set of three photographs, laid out as the unpacked archives are: a red, a green and a blue one."""
    (tmp_path / flickr8k.PHOTOGRAPHS).mkdir()
    lines = []
    for n, shape in enumerate(SHAPES):
        pixels = np.zeros((*shape, 3), np.uint8)
        pixels[:, :, n] = 255
        Image.fromarray(pixels).save(tmp_path / flickr8k.PHOTOGRAPHS / f"{n}.png")
        lines += [f"{n}.png#{m}\tA dog , number {n} , runs ." for m in range(5)]
    (tmp_path / flickr8k.CAPTIONS).write_text("\n".join([*lines, "2.png#5\t.", "7.jpg.1#0\tA line of the original ."]))
    (tmp_path / flickr8k.PARTS["train"]).write_text("2.png\n0.png\n")
    (tmp_path / flickr8k.PARTS["test"]).write_text("9.png")
    return tmp_path


@pytest.fixture
def mirror(folder, tmp_path_factory, monkeypatch):
    """A mirror with the two archives."""
    root = tmp_path_factory.mktemp("mirror")
    place = root / flickr8k.RELEASE.removeprefix("https://")
    place.mkdir(parents=True)
    parts = {"Flickr8k_text.zip": folder.glob("*.txt"), "Flickr8k_Dataset.zip": folder.glob("*/*.png")}
    md5 = {}
    for name, files in parts.items():
        with zipfile.ZipFile(place / name, "w") as archive:
            for file in files:
                archive.write(file, file.relative_to(folder))
        md5[name] = hashlib.md5((place / name).read_bytes()).hexdigest()
    monkeypatch.setattr(flickr8k, "MD5", md5)
    monkeypatch.setenv("RNN_LAB_MIRROR", str(root))
    return place


def test_photographs_go_the_same_way_as_scenes(folder):
    pictures, sentences = flickr8k.photographs("train", size=16, folder=folder)
    assert pictures.shape == (2, 16, 16, 3) and pictures.dtype == np.float32
    assert_same(pictures[:, 8, 8], np.eye(3, dtype=np.float32)[[2, 0]])
    assert sentences == [["a dog number 2 runs"] * 5, ["a dog number 0 runs"] * 5]
    words = Vocabulary([text.split() for five in sentences for text in five], at_least=5)
    captioned = Captioned(pictures, sentences, words)
    seen, _, targets, _ = captioned.batch([0, 1], np.random.default_rng(0))
    assert seen.shape == (2, 16, 16, 3) and words.decode(targets[:, 0]) == "a dog number 2 runs".split()
    encoder = PictureEncoder((3, 4, 5), 2, np.random.default_rng(0))
    captioner = Captioner(
        encoder, CaptionDecoder((2, 2, encoder.output_size), len(words), 6, 12, np.random.default_rng(0))
    )
    fit(captioner, partial(captioned.batch, [0, 1]), Adam(0.02), steps=60, rng=np.random.default_rng(0), progress=False)
    assert captioner.describe(pictures, words, 8) == [five[0] for five in sentences]


def test_there_may_be_few(folder):
    assert flickr8k.photographs("train", limit=1, folder=folder)[1] == [["a dog number 2 runs"] * 5]


def test_it_is_the_middle_of_a_photograph(folder):
    pixels = np.zeros((20, 60, 3), np.uint8)
    pixels[:, 17:43] = 255
    Image.fromarray(pixels).save(folder / flickr8k.PHOTOGRAPHS / "2.png")
    assert_same(flickr8k.photographs("train", 16, 1, folder)[0], np.ones((1, 16, 16, 3), np.float32))


def test_the_archives_hold_what_the_folder_holds(folder, mirror):
    from_archives, from_folder = flickr8k.photographs("train"), flickr8k.photographs("train", folder=folder)
    assert_same(from_archives[0], from_folder[0], 0)
    assert from_archives[1] == from_folder[1]


def test_a_damaged_archive_is_refused(mirror):
    (mirror / "Flickr8k_text.zip").write_bytes(b"an error page")
    with pytest.raises(ValueError, match=r"Flickr8k_text.zip is damaged: its md5 is .*, expected [0-9a-f]{32}"):
        flickr8k.photographs("train")


def test_what_is_missing_is_named(folder):
    with pytest.raises(
        FileNotFoundError, match=re.escape(flickr8k.PARTS["choose"]) + " is missing; expected the folder"
    ):
        flickr8k.photographs("choose", folder=folder)
    with pytest.raises(ValueError, match=r"9.png has no caption in Flickr8k.token.txt"):
        flickr8k.photographs("test", folder=folder)
    (folder / flickr8k.PHOTOGRAPHS / "0.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"0.png is missing"):
        flickr8k.photographs("train", folder=folder)
    with pytest.raises(FileNotFoundError, match=r"elsewhere.*Flickr_8k.trainImages.txt is missing"):
        flickr8k.photographs("train", folder=folder / "elsewhere")


def test_what_is_no_photograph_is_named(folder):
    (folder / flickr8k.PHOTOGRAPHS / "2.png").write_bytes(b"an error page")
    with pytest.raises(ValueError, match=r"2.png is damaged or no picture"):
        flickr8k.photographs("train", folder=folder)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"part": "dev"}, "part is 'dev'; expected one of train, choose, test"),
        ({"part": "train", "size": 0}, "size is 0; expected at least 1"),
        ({"part": "train", "limit": 0}, "limit is 0; expected at least 1"),
    ],
)
def test_other_mistakes_are_named(folder, arguments, message):
    with pytest.raises(ValueError, match=message):
        flickr8k.photographs(**arguments, folder=folder)
