"""Multi30k: English descriptions of pictures, and their German translations (Elliott et al., 2016)."""

import gzip
import json
import re

from rnn_lab.datasets.download import bundled, fetch

REPOSITORY = "https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a"
SHA256 = {
    "train.en": "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f",
    "train.de": "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6",
    "val.en": "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28",
    "val.de": "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a",
    "test_2016_flickr.en": "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9",
    "test_2016_flickr.de": "9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8",
}
MEASURED_SHA256 = "2fdf1407eb686fa02db59e357488aa7874d1b5d1d84f7b3677ce797fb554f000"
PARTS = {"train": "train", "choose": "val", "test": "test_2016_flickr"}
WORD = re.compile(r"\w+(?:[-']\w+)*|[^\w\s]")


def sentences(part: str) -> tuple[list[str], list[str]]:
    """Return the English sentences of a part and their German translations, downloaded once.

    Parameters
    ----------
    part : {"train", "choose", "test"}
        29,000, 1,014 and 1,000 pairs; the test is that of 2016.

    Raises
    ------
    ValueError
        If there is no such part, or a file is damaged.
    FileNotFoundError, ConnectionError
        If a file is not to be had.
    """
    if part not in PARTS:
        raise ValueError(f"part is {part!r}; expected one of {', '.join(PARTS)}")
    name = PARTS[part]
    english, german = (
        gzip.decompress(fetch(f"{REPOSITORY}/data/task1/raw/{name}.{code}.gz", SHA256[f"{name}.{code}"]).read_bytes())
        .decode()
        .splitlines()
        for code in ("en", "de")
    )
    return english, german


def words(sentence: str) -> list[str]:
    """Split a sentence into words and punctuation marks; a word keeps its hyphens and apostrophes."""
    return WORD.findall(sentence)


def joined(tokens: list[str]) -> str:
    """Write words and punctuation marks as a sentence."""
    return re.sub(r" ([.,:;!?])", r"\1", " ".join(tokens))


def measured() -> dict:
    """Return what ``python data/train_translator.py`` measured, bundled: BLEU by the name of the model, and settings.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is missing or damaged.
    """
    return json.loads(bundled("multi30k.json", MEASURED_SHA256).read_text())
