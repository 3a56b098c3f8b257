"""What goes wrong on the way back through an LSTM: each function is a known mistake, its docstring the advice."""

import numpy as np

from rnn_lab.exercises.gates_misconceptions import STEP, read_as, worked_out
from rnn_lab.nn.functions import sigmoid

BACKWARD = STEP | {
    "tanh_c": lambda s: np.tanh(s.c_next),
    "dc_total": lambda s: s.dc_next + s.dh_next * s.o * (1 - s.tanh_c**2),
    "di": lambda s: s.dc_total * s.g,
    "df": lambda s: s.dc_total * s.c,
    "dg": lambda s: s.dc_total * s.i,
    "do": lambda s: s.dh_next * s.tanh_c,
    "slopes": lambda s: (s.i * (1 - s.i), s.f * (1 - s.f), 1 - s.g**2, s.o * (1 - s.o)),
    "dz": lambda s: np.concatenate([d * slope for d, slope in zip((s.di, s.df, s.dg, s.do), s.slopes, strict=True)]),
    "dx": lambda s: s.W.T @ s.dz,
    "dh": lambda s: s.U.T @ s.dz,
    "dc": lambda s: s.dc_total * s.f,
    "dW": lambda s: s.dz @ s.x.T,
    "dU": lambda s: s.dz @ s.h.T,
    "db": lambda s: s.dz.sum(axis=1, keepdims=True),
}


def back(x, h, c, W, U, b, dh_next, dc_next, **changed):
    """Go back through the step with some of the formulas changed."""
    s = worked_out(BACKWARD | changed, x=x, h=h, c=c, W=W, U=U, b=b, dh_next=dh_next, dc_next=dc_next)
    return s.dx, s.dh, s.dc, s.dW, s.dU, s.db


def stacked_as(order):
    """The formula for `dz` if its rows were to be stacked in this order."""

    def dz(s):
        rows = dict(zip("ifgo", np.split(BACKWARD["dz"](s), 4), strict=True))
        return np.concatenate([rows[gate] for gate in order])

    return dz


# --- the two gradients that come in --------------------------------------------------------------------------------


def cell_gradient_dropped(*arguments):
    """`dc_next` is not used. The cell state after this step goes on into the next one, and what that wants of it comes
    back here: add it to what comes through `h_next`."""
    return back(*arguments, dc_total=lambda s: s.dh_next * s.o * (1 - s.tanh_c**2))


def hidden_gradient_misses_the_cell(*arguments):
    """`dh_next` reaches the output gate alone. `h_next = o * tanh(c_next)` depends on the cell state as well, so a part
    of `dh_next` adds to `dc_next` before anything else."""
    return back(*arguments, dc_total=lambda s: s.dc_next)


def cell_tanh_without_its_slope(*arguments):
    """`dh_next * o` is added to `dc_next` as it is. Between `c_next` and `h_next` stands a tanh, and the chain rule
    multiplies by its slope."""
    return back(*arguments, dc_total=lambda s: s.dc_next + s.dh_next * s.o)


def cell_without_the_output_gate(*arguments):
    """On the way from `h_next` to `c_next` the output gate is left out. Forwards it multiplies the tanh; backwards it
    multiplies the gradient."""
    return back(*arguments, dc_total=lambda s: s.dc_next + s.dh_next * (1 - s.tanh_c**2))


def cell_gradient_through_the_tanh(*arguments):
    """`dc_next` goes through the slope of the tanh together with `dh_next * o`. It belongs to `c_next` itself and is
    added after the slope: from cell to cell nothing is squashed, and that is why an LSTM remembers."""
    return back(*arguments, dc_total=lambda s: (s.dc_next + s.dh_next * s.o) * (1 - s.tanh_c**2))


def cell_gradient_through_the_output_gate(*arguments):
    """`dc_next` is added to `dh_next`, and both go through the output gate and the tanh. `dc_next` belongs to `c_next`
    itself: it is added when `dh_next` has arrived there."""
    return back(*arguments, dc_total=lambda s: (s.dc_next + s.dh_next) * s.o * (1 - s.tanh_c**2))


def slope_at_the_cell_before(*arguments):
    """The slope of the tanh is taken at `c`, the cell state before the step. The tanh was taken of `c_next`."""
    return back(*arguments, dc_total=lambda s: s.dc_next + s.dh_next * s.o * (1 - np.tanh(s.c) ** 2))


def tanh_of_the_cell_before(*arguments):
    """`tanh(c)` stands where `tanh(c_next)` should, in the slope and in the output gate's gradient. What was shown is
    the cell state after the step."""
    return back(*arguments, tanh_c=lambda s: np.tanh(s.c))


def cell_taken_for_its_own_tanh(*arguments):
    """The slope is taken as `1 - c_next**2`, as if the cell state had come out of a tanh. It goes into one: the slope
    follows from `tanh(c_next)`."""
    return back(*arguments, dc_total=lambda s: s.dc_next + s.dh_next * s.o * (1 - s.c_next**2))


# --- the gates -----------------------------------------------------------------------------------------------------


def input_gate_and_candidate_swapped(*arguments):
    """`di` is made with i, and `dg` with g. In the product `i * g`, the gradient of each factor is multiplied by the
    other."""
    return back(*arguments, di=lambda s: s.dc_total * s.i, dg=lambda s: s.dc_total * s.g)


def forget_gate_meets_the_new_cell(*arguments):
    """`df` is made with `c_next`. The forget gate was multiplied by the cell state before the step."""
    return back(*arguments, df=lambda s: s.dc_total * s.c_next)


def output_gate_meets_the_cell_itself(*arguments):
    """`do` is made with `c_next`. The output gate was multiplied by the tanh of it."""
    return back(*arguments, do=lambda s: s.dh_next * s.c_next)


def output_gate_hears_the_cell(*arguments):
    """`do` is made with the gradient of the cell state. The output gate acts on `h_next` alone: what it hears is
    `dh_next`."""
    return back(*arguments, do=lambda s: s.dc_total * s.tanh_c)


def sigmoid_slope_for_the_candidate(*arguments):
    """The slope of g is taken as `g * (1 - g)`. That is the sigmoid's; g came out of a tanh."""
    return back(*arguments, slopes=lambda s: [gate * (1 - gate) for gate in (s.i, s.f, s.g, s.o)])


def tanh_slope_for_the_gates(*arguments):
    """The slopes of i, f and o are taken as `1 - i**2` and so on. That is the tanh's; the gates came out of a
    sigmoid."""
    return back(*arguments, slopes=lambda s: [1 - gate**2 for gate in (s.i, s.f, s.g, s.o)])


def no_slopes(*arguments):
    """The gradients pass the sigmoids and the tanh of the four gates unchanged. The chain rule multiplies each, entry
    by entry, by the slope there."""
    return back(*arguments, slopes=lambda s: (1, 1, 1, 1))


def slopes_from_the_sums(*arguments):
    """The slopes are written as for outputs, `z * (1 - z)` and `1 - z**2`, but given the sums under the sigmoid and the
    tanh. In these forms z has to be what came out."""
    return back(*arguments, slopes=lambda s: [1 - z**2 if k == 2 else z * (1 - z) for k, z in enumerate(s.sums)])


def sigmoid_slope_at(z):
    """The slope of the sigmoid at the sum z."""
    return sigmoid(z) * (1 - sigmoid(z))


def tanh_slope_at(z):
    """The slope of the tanh at the sum z."""
    return 1 - np.tanh(z) ** 2


def slopes_at_the_gates(s):
    """The formula for the slopes with the gates taken for sums."""
    return sigmoid_slope_at(s.i), sigmoid_slope_at(s.f), tanh_slope_at(s.g), sigmoid_slope_at(s.o)


def activated_values_differentiated_again(*arguments):
    """All slopes are taken at what came out, the gates and `tanh(c_next)`, as if that had still to go through the
    sigmoid and the tanh. Written with the output, a slope needs no second one: `i * (1 - i)`, `1 - tanh_c**2`."""
    return back(
        *arguments,
        dc_total=lambda s: s.dc_next + s.dh_next * s.o * tanh_slope_at(s.tanh_c),
        slopes=slopes_at_the_gates,
    )


def activated_gates_differentiated_again(*arguments):
    """The slopes of i, f, g and o are taken at the gates, as if these had still to go through the sigmoid and the tanh.
    Written with the output, a slope needs no second one: `i * (1 - i)`, `1 - g**2`."""
    return back(*arguments, slopes=slopes_at_the_gates)


def sigmoid_of_the_activated_gates(*arguments):
    """The slopes of i, f and o are taken at the gates, which have gone through the sigmoid already. Written with the
    output, the slope needs no second one: `i * (1 - i)`."""
    return back(
        *arguments, slopes=lambda s: (sigmoid_slope_at(s.i), sigmoid_slope_at(s.f), 1 - s.g**2, sigmoid_slope_at(s.o))
    )


def tanh_of_the_activated_candidate(*arguments):
    """The slope of g is taken as `1 - tanh(g)**2`, but g is a tanh already. Written with the output, the slope needs no
    second tanh."""
    return back(*arguments, slopes=lambda s: (*BACKWARD["slopes"](s)[:2], tanh_slope_at(s.g), s.o * (1 - s.o)))


def cell_through_two_tanhs(*arguments):
    """The slope between `c_next` and `h_next` is taken at `tanh(c_next)`, through a second tanh. It is `1 -
    tanh(c_next)**2`."""
    return back(*arguments, dc_total=lambda s: s.dc_next + s.dh_next * s.o * tanh_slope_at(s.tanh_c))


def output_gate_read_third(*arguments):
    """The rows are read and stacked in the order i, f, o, g, as many lectures have it. Here the order is i, f, g, o, as
    in PyTorch: the candidate comes third."""
    return back(*arguments, sums=read_as("ifog"), dz=stacked_as("ifog"))


def forget_gate_read_first(*arguments):
    """Input gate and forget gate have changed places. The rows are stacked i, f, g, o, on the way there and on the way
    back."""
    return back(*arguments, sums=read_as("figo"), dz=stacked_as("figo"))


def output_gate_stacked_third(*arguments):
    """The four gradients are put together in the order i, f, o, g. They belong in the rows that the gates came from: i,
    f, g, o."""
    return back(*arguments, dz=stacked_as("ifog"))


# --- the gradients that go out -------------------------------------------------------------------------------------


def running_gradients_never_updated(*arguments):
    """`dh` and `dc` go out as they came in, `dh_next` and `dc_next`: through many steps they would never change. Send
    both back through this step, `dh` through `U` and `dc` through the forget gate."""
    return back(*arguments, dh=lambda s: s.dh_next, dc=lambda s: s.dc_next)


def cell_gradient_never_updated(*arguments):
    """`dc` is `dc_next` as it came in. The cell state before the step acts on the loss through `c_next`: take all that
    has arrived there, and send it through the forget gate."""
    return back(*arguments, dc=lambda s: s.dc_next)


def cell_gradient_past_the_forget_gate(*arguments):
    """`dc` is what has arrived at `c_next`, unchanged. Forwards the old cell state is multiplied by f; backwards its
    gradient is."""
    return back(*arguments, dc=lambda s: s.dc_total)


def only_the_incoming_cell_gradient_carried(*arguments):
    """`dc` is `dc_next * f`. What `dh_next` brings to the cell state goes back through the forget gate as well."""
    return back(*arguments, dc=lambda s: s.dc_next * s.f)


def zero_weight_gradients(*arguments):
    """`dW`, `dU` and `db` are zero, as they were made. What is worked out has to be put into them, and they have to be
    what is returned."""
    return back(*arguments, dW=lambda s: 0 * s.W, dU=lambda s: 0 * s.U, db=lambda s: 0 * s.b)


def one_bias_shared_among_three_gates(*arguments):
    """`db` has the same sum in the rows of i, f and o, as if one bias served the three gates. Each has its own: add up
    over the examples, not over the gates."""

    def db(s):
        i, f, g, o = np.split(s.dz.sum(axis=1, keepdims=True), 4)
        return np.concatenate([i + f + o, i + f + o, g, i + f + o])

    return back(*arguments, db=db)


def bias_gradient_not_summed(*arguments):
    """`db` has one column for each example. One bias serves all examples, and one weight with many uses adds up their
    gradients."""
    return back(*arguments, db=lambda s: s.dz)


def averaged_over_the_batch(*arguments):
    """`dW`, `dU` and `db` are divided by the number of examples. Whether the loss is a mean is the loss's own affair,
    and the gradients that come in know it already: they add up."""
    dx, dh, dc, *sums = back(*arguments)
    return dx, dh, dc, *(total / dx.shape[1] for total in sums)


def recurrent_gradient_with_the_state_after(*arguments):
    """`dU` is made with `h_next`. `U` was multiplied by the hidden state before the step."""
    return back(*arguments, dU=lambda s: s.dz @ s.h_next.T)
