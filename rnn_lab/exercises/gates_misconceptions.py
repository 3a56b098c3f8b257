"""What goes wrong forwards with the gates: each function is a known mistake, its docstring the advice."""

from types import SimpleNamespace

import numpy as np

from rnn_lab.nn.functions import sigmoid

# --- lstm_step -----------------------------------------------------------------------------------------------------


def worked_out(formulas, **values):
    """Work out `formulas` one after the other: each takes the values so far, by name, and adds its own."""
    s = SimpleNamespace(**values)
    for name, formula in formulas.items():
        setattr(s, name, formula(s))
    return s


def activated(k, function):
    """The formula for what `function` makes of the k-th sum."""
    return lambda s: function(s.sums[k])


STEP = {
    "sums": lambda s: np.split(s.W @ s.x + s.U @ s.h + s.b, 4),
    "i": activated(0, sigmoid),
    "f": activated(1, sigmoid),
    "g": activated(2, np.tanh),
    "o": activated(3, sigmoid),
    "c_next": lambda s: s.f * s.c + s.i * s.g,
    "h_next": lambda s: s.o * np.tanh(s.c_next),
}


def step(x, h, c, W, U, b, **changed):
    """Take the step with some of its formulas changed."""
    s = worked_out(STEP | changed, x=x, h=h, c=c, W=W, U=U, b=b)
    return s.h_next, s.c_next


def read_as(order):
    """The formula for the sums of i, f, g and o if the rows were stacked in this order."""

    def sums(s):
        rows = dict(zip(order, np.split(s.W @ s.x + s.U @ s.h + s.b, 4), strict=True))
        return [rows[gate] for gate in "ifgo"]

    return sums


def output_gate_read_third(*arguments):
    """The rows are read in the order i, f, o, g, as many lectures have it. Here they are stacked i, f, g, o, as in
    PyTorch: the candidate comes third."""
    return step(*arguments, sums=read_as("ifog"))


def forget_gate_read_first(*arguments):
    """Input gate and forget gate have changed places: f comes from the first rows, or i multiplies the old cell state.
    The rows are stacked i, f, g, o, and f decides what is kept."""
    return step(*arguments, sums=read_as("figo"))


def candidate_read_last(*arguments):
    """The rows are read in the order f, i, o, g. Here they are stacked i, f, g, o: the input gate comes first, the
    candidate third."""
    return step(*arguments, sums=read_as("fiog"))


def sigmoid_for_the_candidate(*arguments):
    """The candidate g goes through the sigmoid like the gates, so that it could only ever add to the cell. A gate says
    how much, between 0 and 1; g is what is written, and has a sign."""
    return step(*arguments, g=activated(2, sigmoid))


def candidate_as_it_is(*arguments):
    """The candidate g is the sum itself, which has no bounds. What is written lies between -1 and 1: which function has
    this range?"""
    return step(*arguments, g=lambda s: s.sums[2])


def tanh_for_the_gates(*arguments):
    """All four go through the tanh, so that a gate may be negative. A gate says how much passes, from 0 to 1: which
    function has this range?"""
    return step(*arguments, i=activated(0, np.tanh), f=activated(1, np.tanh), o=activated(3, np.tanh))


def sigmoid_and_tanh_swapped(*arguments):
    """The gates go through the tanh and the candidate through the sigmoid. It is the other way round: gates lie between
    0 and 1, what is written between -1 and 1."""
    gates = {"i": activated(0, np.tanh), "f": activated(1, np.tanh), "o": activated(3, np.tanh)}
    return step(*arguments, g=activated(2, sigmoid), **gates)


def one_bias_shared_among_three_gates(x, h, c, W, U, b):
    """The gates i, f and o all read the first H entries of `b`. Each has rows of its own: a forget gate that is to
    start open must not open the other two."""
    shared, _, candidate, _ = np.split(b, 4)
    return step(x, h, c, W, U, np.concatenate([shared, shared, candidate, shared]))


def one_bias_for_all_gates(x, h, c, W, U, b):
    """All four read the first H entries of `b`, as happens when a line is copied. Each has its own H rows in `W`, in
    `U` and in `b`."""
    return step(x, h, c, W, U, np.tile(np.split(b, 4)[0], (4, 1)))


def no_bias(x, h, c, W, U, b):
    """The two products are there, and the bias is not. It sets where each gate sits when nothing speaks for or against:
    the forget gate's decides how long a new cell remembers."""
    return step(x, h, c, W, U, 0 * b)


def gates_hear_the_cell_state(x, h, c, W, U, b):
    """`U` is multiplied by the cell state. The gates hear the input and the hidden state `h`; `c` is changed by them
    alone."""
    return step(x, c, c, W, U, b)


def no_forget_gate(*arguments):
    """The old cell state is kept whole, as in the LSTM of 1997. Since 2000 a forget gate multiplies it, so that a cell
    can let go."""
    return step(*arguments, c_next=lambda s: s.c + s.i * s.g)


def no_input_gate(*arguments):
    """The candidate is written whole. The input gate decides how much of `g` comes into the cell."""
    return step(*arguments, c_next=lambda s: s.f * s.c + s.g)


def coupled_gates(*arguments):
    """`1 - f` stands where the input gate should: what is forgotten is replaced, as in a GRU. In an LSTM keeping and
    writing are two decisions, and `i` has weights of its own."""
    return step(*arguments, c_next=lambda s: s.f * s.c + (1 - s.f) * s.g)


def forget_gate_on_the_new_cell(*arguments):
    """The forget gate multiplies what is newly written too. It acts on the old cell state alone; the input gate has
    already weighed the new."""
    return step(*arguments, c_next=lambda s: s.f * (s.c + s.i * s.g))


def no_tanh_of_the_cell(*arguments):
    """The output gate is multiplied by the cell state itself, which has no bounds. What the cell shows is the tanh of
    its state, weighed by `o`."""
    return step(*arguments, h_next=lambda s: s.o * s.c_next)


def no_output_gate(*arguments):
    """The cell shows all that it holds. The output gate decides how much of the tanh of the cell state comes out."""
    return step(*arguments, h_next=lambda s: np.tanh(s.c_next))


def output_from_the_old_cell(*arguments):
    """`h_next` is made from the cell state before the step. First the cell state changes, and then the new one is
    shown."""
    return step(*arguments, h_next=lambda s: s.o * np.tanh(s.c))


# --- half_life -----------------------------------------------------------------------------------------------------


def halving_time(f):
    """The number of steps after which half is left."""
    return np.log(0.5) / np.log(f)


def sigmoid_forgotten(bias):
    """The bias itself is taken for the gate. What multiplies the cell at each step is `sigmoid(bias)`, between 0 and
    1."""
    return halving_time(bias)


def gate_as_what_is_lost(bias):
    """`1 - f`, which is `sigmoid(-bias)`, is taken for what is left after a step. The forget gate says how much is
    kept: a large bias means a long memory."""
    return halving_time(sigmoid(-bias))


def time_constant(bias):
    """`1 / (1 - f)` is the time constant of a long memory, after which about 1/e, 37 percent, is left. Here it is half:
    solve `f**n = 1/2` for n."""
    return 1 / (1 - sigmoid(bias))


def time_constant_times_log_2(bias):
    """`log(2) / (1 - f)` is nearly right for a long memory, where `log(f)` is nearly `f - 1`, and too large for a short
    one. Solve `f**n = 1/2` without the shortcut."""
    return np.log(2) / (1 - sigmoid(bias))


def loss_along_a_line(bias):
    """The same amount is taken off at each step. A gate multiplies: each step takes the same fraction of what is still
    there."""
    return 0.5 / (1 - sigmoid(bias))


def a_part_of_e_instead_of_half(bias):
    """This is `-1 / log(f)`, the time after which 1/e is left; or the logarithm of a half to base 2 was divided by a
    natural one. Ask for one half, and take both logarithms to the same base."""
    return -1 / np.log(sigmoid(bias))


def opposite_sign(bias):
    """The times are negative. Both `log(1/2)` and `log(f)` are below zero, and their quotient is above."""
    return -halving_time(sigmoid(bias))


def quotient_upside_down(bias):
    """The logarithms are divided the wrong way round: the longer the memory, the smaller this gets. Solve `f**n = 1/2`
    for n."""
    return 1 / halving_time(sigmoid(bias))


def rounded_up(bias):
    """The numbers are rounded up to whole steps. A half-life is a measure, like that of an atom, and need not be whole:
    leave it as it is."""
    return np.ceil(halving_time(sigmoid(bias)))
