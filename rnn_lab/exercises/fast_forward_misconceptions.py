"""What goes wrong on the way from the page to speed: each function is a known mistake, its docstring the advice."""

import numpy as np

from rnn_lab.nn.functions import sigmoid


def activated(z):
    """The gates i, f, g and o (N, H) that come of the sums z (N, 4H)."""
    i, f, g, o = np.split(z, 4, axis=1)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


def layer(from_input, U_T, gates=activated):
    """Run over all steps: `from_input` (T, N, 4H) is what they hear of the input, `U_T` (H, 4H) leads from the
    state."""
    T, N, _ = from_input.shape
    h, c = np.zeros((2, T + 1, N, len(U_T)), from_input.dtype)
    for t in range(T):
        i, f, g, o = gates(from_input[t] + h[t] @ U_T)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return h[1:], c[1:]


# --- the hoisted product -------------------------------------------------------------------------------------------


def bias_added_twice(x, W, U, b):
    """The bias is added to the hoisted product and in the loop again. Once is enough, and outside the loop it costs
    least."""
    return layer(x @ W.T + 2 * b, U.T)


def bias_left_out(x, W, U, b):
    """The bias is added neither to the hoisted product nor in the loop."""
    return layer(x @ W.T, U.T)


def steps_and_examples_mixed(x, W, U, b):
    """The product of T * N rows is taken apart as (N, T, 4H). In the memory of `x` (T, N, D) the N examples of step 0
    come first: take it apart as (T, N, 4H)."""
    T, N, D = x.shape
    return layer((x.reshape(T * N, D) @ W.T + b).reshape(N, T, -1).swapaxes(0, 1), U.T)


def reshaped_instead_of_transposed(x, W, U, b):
    """`W` and `U` are brought into shape by `reshape`, which reads the same numbers in the same order and only breaks
    the rows elsewhere. Rows and columns change places with `.T`."""
    return layer(x @ W.reshape(W.shape[::-1]) + b, U.reshape(U.shape[::-1]))


# --- the fused gates -----------------------------------------------------------------------------------------------


def gates_cut_across_the_examples(x, W, U, b):
    """The sums (N, 4H) are taken apart with `reshape(4, N, H)`, which is right for one example only. The gates lie side
    by side in each row: cut along axis 1, or make it (N, 4, H) and swap the axes."""
    return layer(x @ W.T + b, U.T, lambda z: activated(np.hstack([*z.reshape(4, len(z), -1)])))


def gates_interleaved(x, W, U, b):
    """Every fourth column is taken for a gate. The H columns of i come first, then those of f, g and o."""
    return layer(x @ W.T + b, U.T, lambda z: activated(np.hstack([z[:, k::4] for k in range(4)])))


def output_gate_third(x, W, U, b):
    """The columns are read in the order i, f, o, g, perhaps to have the sigmoids side by side. That takes weights
    stacked in that order; these are stacked i, f, g, o."""

    def gates(z):
        i, f, o, g = np.split(z, 4, axis=1)
        return activated(np.hstack([i, f, g, o]))

    return layer(x @ W.T + b, U.T, gates)


# --- one tanh for all gates ----------------------------------------------------------------------------------------


def scaled(z, factors):
    """Multiply the quarters of the last axis by the four factors."""
    return z * np.repeat(np.array(factors, z.dtype), z.shape[-1] // 4)


HALVED = 0.5, 0.5, 1, 0.5
DOUBLED = 2, 2, 1, 2


def tanh_without_the_half(x, W, U, b):
    """The sigmoid is written as `(1 + tanh(z)) / 2`, which is twice as steep as it should be. A half belongs inside the
    tanh too: `(1 + tanh(z / 2)) / 2`."""
    return layer(x @ W.T + b, U.T, lambda z: activated(scaled(z, DOUBLED)))


def tanh_not_shifted(x, W, U, b):
    """The gates are left as `tanh(z / 2)`, between -1 and 1. Add one and take the half: then it is the sigmoid."""
    return layer(x @ W.T + b, U.T, lambda z: np.split(np.tanh(scaled(z, HALVED)), 4, axis=1))


def candidate_halved_too(x, W, U, b):
    """The half inside the tanh is applied to all four. The candidate is itself a tanh, and its sum stays whole."""
    return layer(x @ W.T + b, U.T, lambda z: activated(scaled(z, (1, 1, 0.5, 1))))


def sigmoid_for_the_candidate(x, W, U, b):
    """All four come out as sigmoids. The candidate g is the tanh itself: neither halved inside, nor shifted and halved
    outside."""
    return layer(x @ W.T + b, U.T, lambda z: sigmoid(np.array(np.split(z, 4, axis=1))))


def recurrent_weights_not_halved(x, W, U, b):
    """The rows of `W` and `b` are halved for the one tanh, and those of `U` are not. The half goes to the whole sum, so
    to all three."""
    return layer(x @ W.T + b, scaled(U.T, DOUBLED))


def bias_not_halved(x, W, U, b):
    """The rows of `W` and `U` are halved for the one tanh, and those of `b` are not. The half goes to the whole sum, so
    to all three."""
    return layer(x @ W.T + scaled(b, DOUBLED), U.T)


# --- what is allocated once ----------------------------------------------------------------------------------------


def one_buffer_for_all_steps(x, W, U, b):
    """Every step shows the last state: one buffer was filled again and again, and the list holds it T times. Give each
    step a place of its own in an array of shape (T, N, H)."""
    h, c = layer(x @ W.T + b, U.T)
    return np.broadcast_to(h[-1], h.shape), np.broadcast_to(c[-1], c.shape)


def one_buffer_for_every_h(x, W, U, b):
    """Every step shows the last hidden state: one buffer was filled again and again, and the list holds it T times. The
    cell states are right; treat `h` as you treat `c`."""
    h, c = layer(x @ W.T + b, U.T)
    return np.broadcast_to(h[-1], h.shape), c


def one_buffer_for_every_c(x, W, U, b):
    """Every step shows the last cell state: `c *= f` and `c += i * g` fill one array again and again, and the list
    holds it T times. The hidden states are right; give each c a place of its own too."""
    h, c = layer(x @ W.T + b, U.T)
    return h, np.broadcast_to(c[-1], c.shape)


def hidden_state_read_before_it_is_written(x, W, U, b):
    """The product with `U` sees nothing but zeros: step t reads the place of its own state, which is still empty, or
    the product was hoisted too. Step t needs the state that step t - 1 has left."""
    return layer(x @ W.T + b, 0 * U.T)


def every_step_from_zero(x, W, U, b):
    """Neither h nor c is carried on: each step starts from zero, or reads its own places, which are still empty. Step t
    starts from what step t - 1 has left."""
    T, N, _ = x.shape
    h, c = layer((x @ W.T + b).reshape(1, T * N, -1), U.T)
    return h.reshape(T, N, -1), c.reshape(T, N, -1)


def initial_state_left_in(x, W, U, b):
    """T + 1 states come back, the zeros before the first step among them. Asked for are those after each step: leave
    out the first."""
    return tuple(np.concatenate([0 * states[:1], states]) for states in layer(x @ W.T + b, U.T))
