"""What goes wrong in the exercises of chapter 01: each function is a known mistake, its docstring the advice."""

import numpy as np

# --- forward -----------------------------------------------------------------------------------------------------


def no_memory(x, h, W, U, b):
    """The state before the step plays no part, so the cell cannot remember. Which of the weights carries `h` over?"""
    return np.tanh(W @ x + b)


def no_tanh(x, h, W, U, b):
    """The sum is right, but nothing bounds it. Between the sum and the new state stands the nonlinearity."""
    return W @ x + U @ h + b


def no_bias(x, h, W, U, b):
    """The two products are there, and the bias is not. It shifts every unit, whatever the input is."""
    return np.tanh(W @ x + U @ h)


def tanh_of_each_product(x, h, W, U, b):
    """Each product goes through a tanh of its own. A unit first adds up all that reaches it, and then bends the sum
    once."""
    return np.tanh(np.tanh(W @ x) + np.tanh(U @ h) + b)


def bias_after_the_tanh(x, h, W, U, b):
    """The bias is added to the finished state, which may so leave the range from -1 to 1. It belongs to the sum that
    the tanh is taken of."""
    return np.tanh(W @ x + U @ h) + b


def sigmoid_instead_of_tanh(x, h, W, U, b):
    """All states come out between 0 and 1: this is the sigmoid. The plain cell uses the function that goes from -1
    to 1."""
    return 1 / (1 + np.exp(-(W @ x + U @ h + b)))


def weights_swapped(x, h, W, U, b):
    """`U` meets the input and `W` the state, which runs only with as many inputs as units. `W`, of shape (H, D),
    takes D inputs; `U`, of shape (H, H), takes H units."""
    return np.tanh(U @ x + W @ h + b)


def recurrent_weights_transposed(x, h, W, U, b):
    """`U` is transposed, as it would be if each state were a row. Here each state is a column, and `U[i, j]` leads
    from unit j to unit i."""
    return np.tanh(W @ x + U.T @ h + b)


# --- unroll ------------------------------------------------------------------------------------------------------


def unrolled(step, x, h0):
    """Collect the states that `step(t, states)` makes, the initial one first."""
    states = [h0]
    for t in range(len(x)):
        states.append(step(t, states))
    return np.array(states)


def restarts_at_every_step(x, h0, W, U, b):
    """Every step starts from `h0`, so nothing is carried from step to step. Step t starts from the state that the
    step before it left."""
    return unrolled(lambda t, h: np.tanh(W @ x[t] + U @ h0 + b), x, h0)


def reads_the_first_input_only(x, h0, W, U, b):
    """Every step reads the same input, `x[0]`. The input moves on with t."""
    return unrolled(lambda t, h: np.tanh(W @ x[0] + U @ h[t] + b), x, h0)


def runs_backwards(x, h0, W, U, b):
    """The last input is read first. Step 0 reads `x[0]`."""
    return unrolled(lambda t, h: np.tanh(W @ x[len(x) - 1 - t] + U @ h[t] + b), x, h0)


def starts_from_zero(x, h0, W, U, b):
    """The initial state that was handed in is replaced by zeros. Zero is what one often starts from, and `h0` says
    what this sequence starts from."""
    return unrolled(lambda t, h: np.tanh(W @ x[t] + U @ h[t] + b), x, np.zeros_like(h0))


def last_state_only(x, h0, W, U, b):
    """Only the state after the last step comes back. The way back through time will need every state: keep them
    all."""
    return unrolled(lambda t, h: np.tanh(W @ x[t] + U @ h[t] + b), x, h0)[-1]


def without_the_initial_state(x, h0, W, U, b):
    """The states are right, and the first one is missing: T steps have T + 1 states around them. `h[0]` is the state
    before the first step."""
    return unrolled(lambda t, h: np.tanh(W @ x[t] + U @ h[t] + b), x, h0)[1:]


def one_array_for_all_states(x, h0, W, U, b):
    """All entries of the result are the last state: one array was filled again and again, and the list holds it
    T + 1 times. Each step needs an array of its own."""
    last = last_state_only(x, h0, W, U, b)
    return np.array([last] * (len(x) + 1))


# --- backward ----------------------------------------------------------------------------------------------------


def gradients(x, h, dz, W, U):
    """What follows, rightly, from the gradient `dz` with respect to the sum under the tanh."""
    return W.T @ dz, U.T @ dz, dz @ x.T, dz @ h.T, dz.sum(axis=1, keepdims=True)


def state_after(x, h, W, U, b):
    """The forward step."""
    return np.tanh(W @ x + U @ h + b)


def slope_at_the_previous_state(x, h, dh_next, W, U, b):
    """The slope is taken as `1 - tanh(h)**2`, at the state before the step. The tanh was taken of the sum
    `W @ x + U @ h + b`; its slope belongs to that place, and can be had from `h_next`."""
    return gradients(x, h, (1 - np.tanh(h) ** 2) * dh_next, W, U)


def slope_from_the_previous_state(x, h, dh_next, W, U, b):
    """The slope is taken as `1 - h**2`, as if `h` had come out of this step's tanh. The state that came out of it is
    the next one."""
    return gradients(x, h, (1 - h**2) * dh_next, W, U)


def tanh_of_the_activated_value(x, h, dh_next, W, U, b):
    """The slope is taken as `1 - tanh(h_next)**2`, but `h_next` is a tanh already. Written with the output, the slope
    needs no second tanh."""
    return gradients(x, h, (1 - np.tanh(state_after(x, h, W, U, b)) ** 2) * dh_next, W, U)


def no_slope(x, h, dh_next, W, U, b):
    """The gradient passes the tanh unchanged. The chain rule multiplies it, entry by entry, by the slope of the
    tanh."""
    return gradients(x, h, dh_next, W, U)


def slope_not_squared(x, h, dh_next, W, U, b):
    """The slope is taken as `1 - h_next`. Differentiate the tanh once more: what is subtracted from 1?"""
    return gradients(x, h, (1 - state_after(x, h, W, U, b)) * dh_next, W, U)


def tanh_for_its_slope(x, h, dh_next, W, U, b):
    """The gradient is multiplied by the value of the tanh. The chain rule asks for its slope."""
    return gradients(x, h, state_after(x, h, W, U, b) * dh_next, W, U)


def gradient_from_above_left_out(x, h, dh_next, W, U, b):
    """Only the slope of this step is there, and `dh_next` is not used. What the loss wants of the next state is the
    first factor of the chain."""
    return gradients(x, h, 1 - state_after(x, h, W, U, b) ** 2, W, U)


def bias_left_out_of_the_sum(x, h, dh_next, W, U, b):
    """The slope is taken at `W @ x + U @ h`, without the bias. It has to be the very sum of the forward pass."""
    return gradients(x, h, (1 - np.tanh(W @ x + U @ h) ** 2) * dh_next, W, U)


def bias_gradient_not_summed(x, h, dh_next, W, U, b):
    """`db` has one column for each example. One bias serves all examples, and one weight with many uses adds up
    their gradients."""
    dz = (1 - state_after(x, h, W, U, b) ** 2) * dh_next
    return *gradients(x, h, dz, W, U)[:4], dz


def averaged_over_the_batch(x, h, dh_next, W, U, b):
    """`dW`, `dU` and `db` are divided by the number of examples. Whether the loss is a mean is the loss's own affair,
    and `dh_next` knows it already: the gradients add up."""
    dx, dh, *sums = gradients(x, h, (1 - state_after(x, h, W, U, b) ** 2) * dh_next, W, U)
    return dx, dh, *(total / x.shape[1] for total in sums)


def recurrent_gradient_with_the_next_state(x, h, dh_next, W, U, b):
    """`dU` is made with the state after the step. `U` was multiplied by the state before it."""
    h_next = state_after(x, h, W, U, b)
    dz = (1 - h_next**2) * dh_next
    dx, dh, dW, _, db = gradients(x, h, dz, W, U)
    return dx, dh, dW, dz @ h_next.T, db


def recurrent_weights_not_transposed(x, h, dh_next, W, U, b):
    """On the way back `dh` goes through `U` itself. Forwards, `U[i, j]` leads from unit j to unit i; backwards the
    gradient goes from i to j."""
    dz = (1 - state_after(x, h, W, U, b) ** 2) * dh_next
    return gradients(x, h, dz, W, U.T)


def weights_not_transposed(x, h, dh_next, W, U, b):
    """On the way back the gradient goes through `W` and `U` themselves, which runs only with as many inputs as units.
    Backwards, rows and columns change places."""
    dz = (1 - state_after(x, h, W, U, b) ** 2) * dh_next
    return gradients(x, h, dz, W.T, U.T)


def weights_swapped_backwards(x, h, dh_next, W, U, b):
    """`dx` came back through `U` and `dh` through `W`, or the two are returned in the other order. Each gradient goes
    back by the way its value came."""
    dz = (1 - state_after(x, h, W, U, b) ** 2) * dh_next
    return gradients(x, h, dz, U, W)


# --- set_spectral_radius -----------------------------------------------------------------------------------------


def largest_singular_value(U, radius):
    """`U` is divided by its largest singular value, the most that one step can stretch. The spectral radius is what
    many steps come to: the size of the largest eigenvalue."""
    return U * (radius / np.linalg.norm(U, 2))


def frobenius_norm(U, radius):
    """`U` is divided by the root of the sum of its squared entries. The spectral radius is read from the
    eigenvalues."""
    return U * (radius / np.linalg.norm(U))


def only_multiplied(U, radius):
    """`U` is multiplied by the radius, and so comes to the right one only if its own was 1. First find out what its
    own is."""
    return U * radius


def multiplied_by_its_own_radius(U, radius):
    """`U` is multiplied by its spectral radius as well. It has to be taken out before the new one goes in."""
    return U * (radius * np.abs(np.linalg.eigvals(U)).max())


def largest_real_part(U, radius):
    """The eigenvalue that lies farthest to the right is taken. Eigenvalues are complex: the largest is the one
    farthest from zero, in any direction."""
    return U * (radius / np.linalg.eigvals(U).real.max())


def eigenvalue_without_its_size(U, radius):
    """`U` is divided by an eigenvalue itself, which may be negative or complex. The spectral radius is the largest
    distance from zero: take `np.abs` of all eigenvalues before `max`."""
    return U * (radius / np.linalg.eigvals(U).max())


def smallest_eigenvalue(U, radius):
    """The eigenvalue nearest to zero is set to the radius. It fades first; the one that lasts is the largest."""
    return U * (radius / np.abs(np.linalg.eigvals(U)).min())


def largest_entry(U, radius):
    """`U` is divided by its largest entry. What many steps do to a state is told by the eigenvalues, not by single
    entries."""
    return U * (radius / np.abs(U).max())


# --- memory_span -------------------------------------------------------------------------------------------------


def rounded_down(radius, fraction):
    """The quotient is cut off, and after that many steps the impulse is still too large. Which whole number is the
    first that suffices?"""
    return int(np.log(fraction) / np.log(radius))


def rounded_to_the_nearest(radius, fraction):
    """The quotient is rounded to the nearest number, which half the time is a step too early. Which whole number is
    the first that suffices?"""
    return round(np.log(fraction) / np.log(radius))


def one_step_too_many(radius, fraction):
    """One is added in any case. When the quotient is a whole number, the impulse has fallen far enough right
    then."""
    return int(np.log(fraction) / np.log(radius)) + 1


def linear_decay(radius, fraction):
    """The same amount is taken off at each step. Each step multiplies by the radius: the impulse falls by the same
    factor."""
    return int(np.ceil((1 - fraction) / (1 - radius)))


def quotient_upside_down(radius, fraction):
    """The logarithms are divided the wrong way round, which gives 1 for every long memory. Solve
    `radius**n = fraction` for n."""
    return int(np.ceil(np.log(radius) / np.log(fraction)))


def counted_in_halvings(radius, fraction):
    """This many steps would do if each one halved the impulse. Each step multiplies by the radius."""
    return int(np.ceil(-np.log2(fraction)))


def divided_without_logarithms(radius, fraction):
    """The numbers are divided, where their logarithms should be. The unknown stands in the exponent: solve
    `radius**n = fraction` for n."""
    return int(np.ceil(radius / fraction))
