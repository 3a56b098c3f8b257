"""The baseline of translation: a dictionary, learnt from sentence pairs, and applied word by word."""

from collections.abc import Sequence

import numpy as np

Words = Sequence[str]


class WordDictionary:
    """For each word the likeliest translation, by the first model of Brown et al. (1993), trained with EM.

    The model takes each word of a translation to come from one word of the text, whichever, and asks which pairs of
    words explain all sentences best: words that keep coming together belong together, unless others explain them
    better. It knows no order: words are translated where they stand.

    Parameters
    ----------
    texts, translations : sequence of sequence of str
        Sentences in words, as many of the one as of the other.
    rounds : int
        Of expectation and maximisation.
    """

    def __init__(self, texts: Sequence[Words], translations: Sequence[Words], rounds: int = 20) -> None:
        sources = {word: number for number, word in enumerate({word: None for text in texts for word in text})}
        targets = list({word: None for translation in translations for word in translation})
        number_of = {word: number for number, word in enumerate(targets)}
        pairs, places = [], []  # every word beside every word of its translation, and the place where that stands
        count = 0
        for text, translation in zip(texts, translations, strict=True):
            ids = np.array([sources[word] for word in text]) * len(targets)
            found = np.array([number_of[word] for word in translation])
            pairs.append((ids + found[:, None]).ravel())
            places.append(np.repeat(np.arange(count, count + len(found)), len(ids)))
            count += len(found)
        place = np.concatenate(places)
        kinds, kind = np.unique(np.concatenate(pairs), return_inverse=True)
        word, translated = np.divmod(kinds, len(targets))
        p = np.ones(len(kinds))
        for _ in range(rounds):
            share = p[kind] / np.bincount(place, p[kind])[place]  # who has written the word in this place?
            counts = np.bincount(kind, share)
            p = counts / np.bincount(word, counts)[word]
        order = np.lexsort((p, word))
        last = np.append(np.flatnonzero(np.diff(word[order])), len(order) - 1)  # of each word, the likeliest
        self.entries = {source: targets[best] for source, best in zip(sources, translated[order[last]], strict=True)}

    def translate(self, text: Words) -> list[str]:
        """Put the likeliest translation in the place of each word; a word that is not known stays."""
        return [self.entries.get(word, word) for word in text]
