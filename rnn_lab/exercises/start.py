"""The exercise of chapter 00: how a check answers."""

from rnn_lab.exercises.framework import exercise


def changes_h_in_place(h):
    """The numbers are right, but the caller's `h` is overwritten: whoever still needs the old state has lost it.
    Compute a new array instead of assigning into the one you were given."""
    h *= 2
    return h


def squares(h):
    """`h ** 2` multiplies each entry by itself. Doubling multiplies each entry by the same number."""
    return h**2


def prints_instead_of_returning(h):
    """The result is computed, and perhaps printed, but the caller gets None. A function hands back what stands after
    its `return`."""
    print(2 * h)


@exercise(
    returns="doubled",
    conditions={
        "one column": lambda rng: (rng.standard_normal((4, 1)),),
        "a batch of 3": lambda rng: (rng.standard_normal((4, 3)),),
    },
    misconceptions=(changes_h_in_place, squares, prints_instead_of_returning),
    hints=("NumPy multiplies every entry of an array at once: `3 * h` is three times `h`.",),
)
def warm_up(h):
    """Return twice the state `h`, an array of shape (H, N), as a new array of the same shape."""
    return 2 * h
