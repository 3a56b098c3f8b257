"""The exercises of chapter 03: the gated cells, forwards and backwards, what they hold, and the fast layer.

One step takes columns, as in `rnn_lab.nn.LSTMCell` and `GRUCell`: x (D, N), h and c (H, N), and the rows of the gates
i, f, g, o or r, z, n below one another. The fast layer takes rows, as `rnn_lab.nn.LSTM`: x (T, N, D).
"""

import numpy as np

from rnn_lab.exercises import fast_forward_misconceptions as fast
from rnn_lab.exercises import gates_misconceptions as wrong
from rnn_lab.exercises import gru_backward_misconceptions as gru
from rnn_lab.exercises import lstm_backward_misconceptions as lstm
from rnn_lab.exercises.framework import Condition, exercise
from rnn_lab.nn.functions import sigmoid

D, H = 3, 4


def drawn(shapes, dtype=np.float64, **sizes) -> Condition:
    """Random arguments of these shapes, in this order; those named in `sizes` are multiplied by their size."""

    def draw(rng):
        arrays = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
        return tuple((sizes.get(name, 1) * array).astype(dtype) for name, array in arrays.items())

    return draw


def lstm_forwards(N=1) -> dict:
    """The shapes that `lstm_step` takes."""
    return {"x": (D, N), "h": (H, N), "c": (H, N), "W": (4 * H, D), "U": (4 * H, H), "b": (4 * H, 1)}


@exercise(
    returns="h_next, c_next",
    conditions={
        "states of zero": drawn(lstm_forwards(), h=0, c=0),
        "a hidden state of zero": drawn(lstm_forwards(), h=0),
        "a cell state of zero": drawn(lstm_forwards(), c=0),
        "a batch of 3": drawn(lstm_forwards(N=3)),
        "float32 arrays": drawn(lstm_forwards(), np.float32),
    },
    misconceptions=(
        wrong.output_gate_read_third,
        wrong.forget_gate_read_first,
        wrong.candidate_read_last,
        wrong.sigmoid_for_the_candidate,
        wrong.candidate_as_it_is,
        wrong.tanh_for_the_gates,
        wrong.sigmoid_and_tanh_swapped,
        wrong.one_bias_shared_among_three_gates,
        wrong.one_bias_for_all_gates,
        wrong.no_bias,
        wrong.gates_hear_the_cell_state,
        wrong.no_forget_gate,
        wrong.no_input_gate,
        wrong.coupled_gates,
        wrong.forget_gate_on_the_new_cell,
        wrong.no_tanh_of_the_cell,
        wrong.no_output_gate,
        wrong.output_from_the_old_cell,
    ),
    hints=(
        "One product serves all four: `W @ x + U @ h + b` has 4H rows, and `np.split(..., 4)` cuts them into those of "
        "i, f, g and o.",
        "i, f and o go through the sigmoid, g through the tanh. Then keep and write: `c_next` is f times the old cell "
        "state plus i times g.",
        "What the cell shows is o times the tanh of the new cell state.",
    ),
)
def lstm_step(x, h, c, W, U, b):
    """Return h_next and c_next, both (H, N), the states after one step of the LSTM, from the input x (D, N), the states
    h and c (H, N) and the weights W (4H, D), U (4H, H) and b (4H, 1), with the gates stacked in the order i, f, g,
    o."""
    i, f, g, o = np.split(W @ x + U @ h + b, 4)  # (H, N) each
    c_next = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h_next = sigmoid(o) * np.tanh(c_next)
    return h_next, c_next


def lstm_backwards(N=1) -> dict:
    """The shapes that `lstm_backward` takes."""
    return lstm_forwards(N) | {"dh_next": (H, N), "dc_next": (H, N)}


@exercise(
    returns="dx, dh, dc, dW, dU, db",
    conditions={
        "one example": drawn(lstm_backwards()),
        "a gradient through h alone": drawn(lstm_backwards(), dc_next=0),
        "a gradient through c alone": drawn(lstm_backwards(), dh_next=0),
        "a batch of 3": drawn(lstm_backwards(N=3)),
        "float32 arrays": drawn(lstm_backwards(N=3), np.float32),
    },
    misconceptions=(
        lstm.cell_gradient_dropped,
        lstm.hidden_gradient_misses_the_cell,
        lstm.cell_tanh_without_its_slope,
        lstm.cell_without_the_output_gate,
        lstm.cell_gradient_through_the_tanh,
        lstm.cell_gradient_through_the_output_gate,
        lstm.slope_at_the_cell_before,
        lstm.tanh_of_the_cell_before,
        lstm.cell_taken_for_its_own_tanh,
        lstm.cell_through_two_tanhs,
        lstm.input_gate_and_candidate_swapped,
        lstm.forget_gate_meets_the_new_cell,
        lstm.output_gate_meets_the_cell_itself,
        lstm.output_gate_hears_the_cell,
        lstm.sigmoid_slope_for_the_candidate,
        lstm.tanh_slope_for_the_gates,
        lstm.no_slopes,
        lstm.slopes_from_the_sums,
        lstm.activated_values_differentiated_again,
        lstm.activated_gates_differentiated_again,
        lstm.sigmoid_of_the_activated_gates,
        lstm.tanh_of_the_activated_candidate,
        lstm.output_gate_read_third,
        lstm.forget_gate_read_first,
        lstm.output_gate_stacked_third,
        lstm.running_gradients_never_updated,
        lstm.cell_gradient_never_updated,
        lstm.cell_gradient_past_the_forget_gate,
        lstm.only_the_incoming_cell_gradient_carried,
        lstm.zero_weight_gradients,
        lstm.one_bias_shared_among_three_gates,
        lstm.bias_gradient_not_summed,
        lstm.averaged_over_the_batch,
        lstm.recurrent_gradient_with_the_state_after,
    ),
    hints=(
        "Work out the gates and `tanh_c = np.tanh(c_next)` again, then go back line by line. `c_next` acts on the loss "
        "in two ways: through `h_next`, and through the steps that follow.",
        "So `dc_next + dh_next * o * (1 - tanh_c**2)` arrives at `c_next`. In `f * c + i * g` each factor hears this, "
        "times its partner; o hears `dh_next`, times its partner.",
        "Each then goes through the slope of its gate, `i * (1 - i)` for a sigmoid and `1 - g**2` for the tanh. "
        "Stacked, they are `dz` (4H, N), and all but `dc` follows from it as in the plain cell.",
    ),
)
def lstm_backward(x, h, c, W, U, b, dh_next, dc_next):
    """Return the gradients dx, dh, dc, dW, dU and db of one step of the LSTM, each shaped as what it belongs to, from
    the arguments of `lstm_step` and the gradients dh_next and dc_next, both (H, N), with respect to the two states
    after the step."""
    i, f, g, o = np.split(W @ x + U @ h + b, 4)  # (H, N) each
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    tanh_c = np.tanh(f * c + i * g)

    dc_next = dc_next + dh_next * o * (1 - tanh_c**2)  # from the future + through h_next
    di = dc_next * g * i * (1 - i)
    df = dc_next * c * f * (1 - f)
    dg = dc_next * i * (1 - g**2)
    do = dh_next * tanh_c * o * (1 - o)
    dc = dc_next * f

    dz = np.concatenate([di, df, dg, do])  # (4H, N)
    return W.T @ dz, U.T @ dz, dc, dz @ x.T, dz @ h.T, dz.sum(axis=1, keepdims=True)


def gru_backwards(N=1) -> dict:
    """The shapes that `gru_backward` takes."""
    return {"x": (D, N), "h": (H, N), "W": (3 * H, D), "U": (3 * H, H), "b": (3 * H, 2), "dh_next": (H, N)}


@exercise(
    returns="dx, dh, dW, dU, db",
    conditions={
        "one example": drawn(gru_backwards()),
        "a state of zero": drawn(gru_backwards(), h=0),
        "biases of zero": drawn(gru_backwards(), b=0),
        "a batch of 3": drawn(gru_backwards(N=3)),
        "float32 arrays": drawn(gru_backwards(N=3), np.float32),
    },
    misconceptions=(
        gru.shortcut_forgotten,
        gru.only_the_shortcut,
        gru.shortcut_with_the_candidates_share,
        gru.update_gate_the_other_way_round,
        gru.update_gate_with_the_opposite_sign,
        gru.candidate_without_its_share,
        gru.reset_before_the_product,
        gru.reset_gate_meets_the_state,
        gru.reset_gradient_without_the_bias,
        gru.both_biases_outside_the_reset,
        gru.reset_gate_before_the_slope_of_n,
        gru.no_reset_on_the_way_back,
        gru.reset_beside_the_input_too,
        gru.no_slope_of_the_candidate,
        gru.sigmoid_slope_for_the_candidate,
        gru.activated_values_differentiated_again,
        gru.update_gate_first,
        gru.both_bias_gradients_the_same,
        gru.bias_gradients_swapped,
        gru.zero_weight_gradients,
        gru.averaged_over_the_batch,
    ),
    hints=(
        "Begin with the mixture `(1 - z) * n + z * h`. Three things in it get a gradient: n, z, and the state itself.",
        "With q, the rows of n in `U @ h + b[:, 1:]`, the candidate is the tanh of `... + r * q`. Let e be what has "
        "come back through this tanh, `dh_next * (1 - z) * (1 - n**2)`. So r hears `e * q`, and q hears `e * r`.",
        "Take what r and z hear through their sigmoids. Stack twice: r's, z's and e for `W`, the input and the first "
        "bias; r's, z's and `e * r` for `U`, the state and the second. To `dh` add the way through, `dh_next * z`.",
    ),
)
def gru_backward(x, h, W, U, b, dh_next):
    """Return the gradients dx, dh, dW, dU and db of one step of the GRU, each shaped as what it belongs to, given
    dh_next (H, N), the gradient with respect to the state after the step. W (3H, D) and U (3H, H) have the rows of r,
    z, n below one another, and b (3H, 2) has the input's bias beside the state's. In the rows of n the reset gate acts
    after the product: `n = tanh(W @ x + b[:, :1] + r * (U @ h + b[:, 1:]))`."""
    r_input, z_input, n_input = np.split(W @ x + b[:, :1], 3)  # (H, N) each
    r_state, z_state, q = np.split(U @ h + b[:, 1:], 3)
    r, z = sigmoid(r_input + r_state), sigmoid(z_input + z_state)
    n = np.tanh(n_input + r * q)

    e = dh_next * (1 - z) * (1 - n**2)
    dr, dz = e * q, dh_next * (h - n)
    to_r, to_z = dr * r * (1 - r), dz * z * (1 - z)  # through the sigmoids
    from_input = np.concatenate([to_r, to_z, e])  # (3H, N)
    from_state = np.concatenate([to_r, to_z, e * r])

    db = np.stack([from_input.sum(axis=1), from_state.sum(axis=1)], axis=1)
    dh = dh_next * z + U.T @ from_state  # the way through + through the gates
    return W.T @ from_input, dh, from_input @ x.T, from_state @ h.T, db


def biases(smallest, largest, count=5) -> Condition:
    """The argument of `half_life`: as many biases between two bounds."""
    return lambda rng: (rng.uniform(smallest, largest, count),)


@exercise(
    returns="steps",
    conditions={
        "one bias": biases(0, 3, count=1),
        "biases around zero": biases(-2, 2),
        "gates that are nearly open": biases(4, 8),
        "gates that are nearly shut": biases(-4, -2),
    },
    misconceptions=(
        wrong.sigmoid_forgotten,
        wrong.gate_as_what_is_lost,
        wrong.time_constant,
        wrong.time_constant_times_log_2,
        wrong.loss_along_a_line,
        wrong.a_part_of_e_instead_of_half,
        wrong.opposite_sign,
        wrong.quotient_upside_down,
        wrong.rounded_up,
    ),
    hints=(
        "At each step a gate at f keeps the fraction f of what is there. Which fraction is left after n steps?",
        "Solve `f**n = 1/2` for n with logarithms, and put in `f = 1 / (1 + np.exp(-bias))`.",
    ),
)
def half_life(bias):
    """Return after how many steps a cell has lost half of what it held if nothing new is written and its forget gate
    sits at sigmoid(bias): for the biases of H cells, shape (H,), as many numbers, which need not be whole."""
    f = 1 / (1 + np.exp(-bias))
    return np.log(1 / 2) / np.log(f)


def sequences(T=5, N=3) -> dict:
    """The shapes that `fast_forward` takes."""
    return {"x": (T, N, D), "W": (4 * H, D), "U": (4 * H, H), "b": (4 * H,)}


@exercise(
    returns="h, c",
    conditions={
        "one step": drawn(sequences(T=1)),
        "one example": drawn(sequences(N=1)),
        "a batch of 3": drawn(sequences()),
        "as many examples as gates": drawn(sequences(N=4)),
        "float32 arrays": drawn(sequences(), np.float32),
    },
    misconceptions=(
        fast.bias_added_twice,
        fast.bias_left_out,
        fast.steps_and_examples_mixed,
        fast.reshaped_instead_of_transposed,
        fast.gates_cut_across_the_examples,
        fast.gates_interleaved,
        fast.output_gate_third,
        fast.tanh_without_the_half,
        fast.tanh_not_shifted,
        fast.candidate_halved_too,
        fast.sigmoid_for_the_candidate,
        fast.recurrent_weights_not_halved,
        fast.bias_not_halved,
        fast.one_buffer_for_all_steps,
        fast.one_buffer_for_every_h,
        fast.one_buffer_for_every_c,
        fast.hidden_state_read_before_it_is_written,
        fast.every_step_from_zero,
        fast.initial_state_left_in,
    ),
    hints=(
        "Every input is known before the loop starts: one product of (T * N, D) with `W.T` serves all steps, and the "
        "bias goes with it. In the loop, only the product of the state with `U.T` is left.",
        "sigmoid(z) = (1 + tanh(z / 2)) / 2: halve the columns of i, f and o, take one tanh of all four, and bring "
        "what comes out in those columns between 0 and 1.",
        "Make h and c once, as zeros of shape (T + 1, N, H). Step t reads place t and writes place t + 1; hand back "
        "all but the first.",
    ),
)
def fast_forward(x, W, U, b):
    """Return the states h and c, both (T, N, H), after each step of an LSTM layer that starts from zero, from the
    inputs x (T, N, D) and the weights W (4H, D), U (4H, H) and b (4H,), with the gates stacked in the order i, f, g, o:
    with the product of all inputs taken before the loop, and all four gates as one array."""
    T, N, D = x.shape
    H = U.shape[1]
    half = np.repeat(np.array([0.5, 0.5, 1, 0.5], x.dtype), H)  # sigmoid(z) = (1 + tanh(z / 2)) / 2
    from_input = (x.reshape(T * N, D) @ (W.T * half) + b * half).reshape(T, N, 4 * H)
    U_T = U.T * half
    z = np.empty((N, 4 * H), x.dtype)
    i, f, g, o = np.split(z, 4, axis=1)  # views: what is written into z stands in them
    h, c = np.zeros((2, T + 1, N, H), x.dtype)
    for t in range(T):
        np.matmul(h[t], U_T, out=z)
        z += from_input[t]
        np.tanh(z, out=z)
        z *= half
        z += 1 - half  # of g nothing changes
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return h[1:], c[1:]
