"""How good the answers are, counted by libraries that others use too."""

from collections.abc import Sequence


def exact_match(written: Sequence[str], expected: Sequence[str]) -> float:
    """Return the share of texts that are right in every character, from 0 to 1.

    Raises
    ------
    ValueError
        If there are none, or not as many of the one as of the other.
    """
    _check_alike(written, expected)
    return sum(one == other for one, other in zip(written, expected, strict=True)) / len(expected)


def bleu(written: Sequence[str], expected: Sequence[str]) -> float:
    """Return the BLEU of translations (Papineni et al., 2002), from 0 to 100, as sacreBLEU counts it (Post, 2018).

    Case counts, and punctuation marks are words: the tokenizer is `13a`, sacreBLEU's own.

    Parameters
    ----------
    written, expected : sequence of str
        Sentences as they are printed, not split into words; one right translation for each.

    Raises
    ------
    ValueError
        If there are none, or not as many of the one as of the other.
    """
    import sacrebleu  # imported here, because only real sentences need it

    _check_alike(written, expected)
    return float(sacrebleu.corpus_bleu(list(written), [list(expected)]).score)


def _check_alike(written: Sequence[str], expected: Sequence[str]) -> None:
    if not expected or len(written) != len(expected):
        raise ValueError(f"written has {len(written)} texts, expected {len(expected)}; give as many, one at least")
