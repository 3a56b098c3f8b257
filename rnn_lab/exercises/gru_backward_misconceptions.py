"""What goes wrong on the way back through a GRU: each function is a known mistake, its docstring the advice."""

import numpy as np

from rnn_lab.exercises.gates_misconceptions import worked_out
from rnn_lab.nn.functions import sigmoid

BACKWARD = {
    "inputs": lambda s: np.split(s.W @ s.x + s.b[:, :1], 3),  # the input's share of r, z and n
    "states": lambda s: np.split(s.U @ s.h + s.b[:, 1:], 3),  # the state's
    "r": lambda s: sigmoid(s.inputs[0] + s.states[0]),
    "z": lambda s: sigmoid(s.inputs[1] + s.states[1]),
    "recalled": lambda s: s.states[2],
    "n": lambda s: np.tanh(s.inputs[2] + s.r * s.recalled),
    "slopes": lambda s: (s.r * (1 - s.r), s.z * (1 - s.z), 1 - s.n**2),
    "dn": lambda s: s.dh_next * (1 - s.z) * s.slopes[2],
    "dz": lambda s: s.dh_next * (s.h - s.n) * s.slopes[1],
    "dr": lambda s: s.dn * s.recalled * s.slopes[0],
    "from_input": lambda s: np.concatenate([s.dr, s.dz, s.dn]),
    "from_state": lambda s: np.concatenate([s.dr, s.dz, s.dn * s.r]),
    "dx": lambda s: s.W.T @ s.from_input,
    "dh": lambda s: s.dh_next * s.z + s.U.T @ s.from_state,
    "dW": lambda s: s.from_input @ s.x.T,
    "dU": lambda s: s.from_state @ s.h.T,
    "db": lambda s: np.stack([s.from_input.sum(axis=1), s.from_state.sum(axis=1)], axis=1),
}


def back(x, h, W, U, b, dh_next, **changed):
    """Go back through the step with some of the formulas changed."""
    s = worked_out(BACKWARD | changed, x=x, h=h, W=W, U=U, b=b, dh_next=dh_next)
    return s.dx, s.dh, s.dW, s.dU, s.db


# --- the mixture (1 - z) * n + z * h -------------------------------------------------------------------------------


def shortcut_forgotten(*arguments):
    """`dh` comes through the gates alone. The state is also mixed into the next one directly, with the share z, and
    that shortcut is what lets a GRU remember."""
    return back(*arguments, dh=lambda s: s.U.T @ s.from_state)


def only_the_shortcut(*arguments):
    """`dh` is the shortcut `dh_next * z` alone. The state also reaches r, z and n through `U`: add what comes back from
    there."""
    return back(*arguments, dh=lambda s: s.dh_next * s.z)


def shortcut_with_the_candidates_share(*arguments):
    """On the shortcut stands `1 - z`. The old state has the share z in the mixture, the candidate has the rest."""
    return back(*arguments, dh=lambda s: s.dh_next * (1 - s.z) + s.U.T @ s.from_state)


def update_gate_the_other_way_round(*arguments):
    """The mixture is taken as `z * n + (1 - z) * h`, as some papers have it. Here z is the share of the old state, as
    in PyTorch: `(1 - z) * n + z * h`."""
    return back(
        *arguments,
        dn=lambda s: s.dh_next * s.z * s.slopes[2],
        dz=lambda s: s.dh_next * (s.n - s.h) * s.slopes[1],
        dh=lambda s: s.dh_next * (1 - s.z) + s.U.T @ s.from_state,
    )


def update_gate_with_the_opposite_sign(*arguments):
    """`dz` is made with `n - h`. In `(1 - z) * n + z * h`, which of the two does a larger z bring in, and which does it
    push out?"""
    return back(*arguments, dz=lambda s: s.dh_next * (s.n - s.h) * s.slopes[1])


def candidate_without_its_share(*arguments):
    """`dn` hears all of `dh_next`. Of the mixture only the share `1 - z` is the candidate's."""
    return back(*arguments, dn=lambda s: s.dh_next * s.slopes[2])


# --- the reset gate ------------------------------------------------------------------------------------------------


def reset_before_the_product(x, h, W, U, b, dh_next):
    """The reset gate is taken to multiply the state before the product with `U`, as in the first paper. Here it
    multiplies the product and its bias, as in PyTorch: `r * (U @ h + b)` in the rows of n."""
    U_gates, U_n = np.split(U, [2 * len(h)])
    return back(
        *(x, h, W, U, b, dh_next),
        n=lambda s: np.tanh(s.inputs[2] + U_n @ (s.r * h) + np.split(b, 3)[2][:, 1:]),
        dr=lambda s: (U_n.T @ s.dn) * h * s.slopes[0],
        from_state=lambda s: s.from_input,
        dh=lambda s: s.dh_next * s.z + U_gates.T @ np.concatenate([s.dr, s.dz]) + (U_n.T @ s.dn) * s.r,
        dU=lambda s: np.concatenate([np.concatenate([s.dr, s.dz]) @ h.T, s.dn @ (s.r * h).T]),
    )


def reset_gate_meets_the_state(*arguments):
    """`dr` is made with `h`. What the reset gate multiplies is the state's share of n, `U @ h + b` in the rows of n."""
    return back(*arguments, dr=lambda s: s.dn * s.h * s.slopes[0])


def reset_gradient_without_the_bias(*arguments):
    """`dr` is made with `U @ h` alone. The reset gate multiplies the product together with the state's bias, the second
    column of `b`."""
    return back(*arguments, dr=lambda s: s.dn * np.split(s.U @ s.h, 3)[2] * s.slopes[0])


def both_biases_outside_the_reset(x, h, W, U, b, dh_next):
    """Both biases are added to the input's share, so that the reset gate multiplies `U @ h` alone. Here the state's
    bias, the second column of `b`, stands inside: `r * (U @ h + b[:, 1:])`."""
    outside = np.stack([b.sum(axis=1), 0 * b[:, 1]], axis=1)
    return both_bias_gradients_the_same(x, h, W, U, outside, dh_next)


def reset_gate_before_the_slope_of_n(*arguments):
    """`dr` has not gone through the tanh of n. The reset gate acts inside that tanh, so its gradient begins with `dn`,
    slope included."""
    return back(*arguments, dr=lambda s: s.dh_next * (1 - s.z) * s.recalled * s.slopes[0])


def no_reset_on_the_way_back(*arguments):
    """To `U` and the state goes the same `dn` as to `W` and the input. Between n and the state's share stands the reset
    gate: forwards it multiplies the share, backwards the gradient."""
    return back(*arguments, from_state=lambda s: s.from_input)


def reset_beside_the_input_too(*arguments):
    """The reset gate multiplies `dn` on the way to the input as well. It acts on the state's share alone."""
    return back(*arguments, from_input=lambda s: np.concatenate([s.dr, s.dz, s.dn * s.r]))


# --- slopes, biases and sums ---------------------------------------------------------------------------------------


def no_slope_of_the_candidate(*arguments):
    """`dn` passes the tanh unchanged. The chain rule multiplies it, entry by entry, by the slope there."""
    return back(*arguments, slopes=lambda s: (s.r * (1 - s.r), s.z * (1 - s.z), 1))


def sigmoid_slope_for_the_candidate(*arguments):
    """The slope of n is taken as `n * (1 - n)`. That is the sigmoid's; n came out of a tanh."""
    return back(*arguments, slopes=lambda s: [gate * (1 - gate) for gate in (s.r, s.z, s.n)])


def activated_values_differentiated_again(*arguments):
    """The slopes are taken at r, z and n, as if these had still to go through the sigmoid and the tanh. Written with
    the output, a slope needs no second one: `r * (1 - r)`, `1 - n**2`."""
    return back(
        *arguments,
        slopes=lambda s: (*(sigmoid(gate) * (1 - sigmoid(gate)) for gate in (s.r, s.z)), 1 - np.tanh(s.n) ** 2),
    )


def update_gate_first(x, h, W, U, b, dh_next):
    """Reset gate and update gate have changed places: the rows are read and stacked as z, r, n. Here they are stacked
    r, z, n."""

    def swapped(array):
        first, second, third = np.split(array, 3)
        return np.concatenate([second, first, third])

    dx, dh, *grads = back(x, h, swapped(W), swapped(U), swapped(b), dh_next)
    return dx, dh, *map(swapped, grads)


def both_bias_gradients_the_same(*arguments):
    """Both columns of `db` are the same. They are for r and z; in the rows of n the state's bias stands behind the
    reset gate, and its gradient goes through it."""
    return back(*arguments, db=lambda s: np.stack([s.from_input.sum(axis=1)] * 2, axis=1))


def bias_gradients_swapped(*arguments):
    """The columns of `db` have changed places. The first belongs to the bias beside `W @ x`, the second to the one
    beside `U @ h`."""
    return back(*arguments, db=lambda s: np.stack([s.from_state.sum(axis=1), s.from_input.sum(axis=1)], axis=1))


def zero_weight_gradients(*arguments):
    """`dW`, `dU` and `db` are zero, as they were made. What is worked out has to be put into them, and they have to be
    what is returned."""
    return back(*arguments, dW=lambda s: 0 * s.W, dU=lambda s: 0 * s.U, db=lambda s: 0 * s.b)


def averaged_over_the_batch(*arguments):
    """`dW`, `dU` and `db` are divided by the number of examples. Whether the loss is a mean is the loss's own affair,
    and `dh_next` knows it already: the gradients add up."""
    dx, dh, *sums = back(*arguments)
    return dx, dh, *(total / dx.shape[1] for total in sums)
