"""What goes wrong on the way back through time: each function is a known mistake, its docstring the advice."""

import numpy as np

# --- backward_through_time -----------------------------------------------------------------------------------------


def back(dh, U, dz_at):
    """Walk from the last step to the first, where `dz_at(t, future)` gives the gradient under the tanh of step t."""
    dz, future = np.empty_like(dh), np.zeros_like(dh[0])
    for t in reversed(range(len(dh))):
        dz[t] = dz_at(t, future)
        future = U.T @ dz[t]
    return dz, future


def gathered(x, h, W, dz, dh0):
    """What follows, rightly, from the gradients `dz` (T, H, N) under the tanh."""
    dW = np.einsum("thn,tdn->hd", dz, x)
    dU = np.einsum("thn,tjn->hj", dz, h[:-1])
    return W.T @ dz, dh0, dW, dU, dz.sum(axis=(0, 2))[:, None]


def right_dz(h, dh, U):
    """The gradients under the tanh as they should be."""
    return back(dh, U, lambda t, future: (dh[t] + future) * (1 - h[t + 1] ** 2))


def future_dropped(x, h, dh, W, U):
    """Each step hears only the loss right above it. A state also reaches every later loss, through the next state:
    what comes back from there has to be added."""
    return gathered(x, h, W, *back(dh, U, lambda t, future: dh[t] * (1 - h[t + 1] ** 2)))


def future_past_the_slope(x, h, dh, W, U):
    """What comes from the future is added after the slope of the tanh. Both, from above and from the future, reach the
    state, and then go through its tanh together."""
    return gathered(x, h, W, *back(dh, U, lambda t, future: dh[t] * (1 - h[t + 1] ** 2) + future))


def future_added_up(x, h, dh, W, U):
    """The future is added up from step to step. What comes back from step t + 1 holds all later steps already: it
    replaces what was there."""
    total = np.zeros_like(dh[0])

    def dz_at(t, future):
        np.add(total, future, out=total)
        return (dh[t] + total) * (1 - h[t + 1] ** 2)

    dz, future = back(dh, U, dz_at)
    return gathered(x, h, W, dz, total + future)


def time_forwards(x, h, dh, W, U):
    """The loop runs from the first step to the last. A gradient comes from what happens later, so the last step is the
    first to be known."""
    dz, carried = back(dh[::-1], U, lambda t, carried: (dh[::-1][t] + carried) * (1 - h[1:][::-1][t] ** 2))
    return gathered(x, h, W, dz[::-1], carried)


def last_loss_only(x, h, dh, W, U):
    """Only the last step's gradient from above comes in. Each step has a loss above it, and `dh[t]` comes in at step
    t."""
    only = np.zeros_like(dh)
    only[-1] = dh[-1]
    return gathered(x, h, W, *right_dz(h, only, U))


def slope_of_the_state_before(x, h, dh, W, U):
    """The slope is taken from `h[t]`, the state before step t. Which state came out of the tanh of step t?"""
    return gathered(x, h, W, *back(dh, U, lambda t, future: (dh[t] + future) * (1 - h[t] ** 2)))


def tanh_of_the_activated_value(x, h, dh, W, U):
    """The slope is taken as `1 - tanh(h[t + 1])**2`, but the states are tanh values already. Written with the output,
    the slope needs no second tanh."""
    return gathered(x, h, W, *back(dh, U, lambda t, future: (dh[t] + future) * (1 - np.tanh(h[t + 1]) ** 2)))


def no_slope(x, h, dh, W, U):
    """The gradient passes the tanh of each step unchanged. The chain rule multiplies it, entry by entry, by the slope
    there."""
    return gathered(x, h, W, *back(dh, U, lambda t, future: dh[t] + future))


def recurrent_weights_not_transposed(x, h, dh, W, U):
    """From step to step the gradient goes through `U` itself. Forwards, `U[i, j]` leads from unit j to unit i;
    backwards the gradient goes from i to j."""
    return gathered(x, h, W, *back(dh, U.T, lambda t, future: (dh[t] + future) * (1 - h[t + 1] ** 2)))


def weight_gradients_overwritten(x, h, dh, W, U):
    """`dW`, `dU` and `db` hold what the last turn of the loop wrote, that of step 0. One weight, many uses: their
    gradients add up."""
    dz, dh0 = right_dz(h, dh, U)
    return W.T @ dz, *gathered(x[:1], h[:2], W, dz[:1], dh0)[1:]


def averaged_over_time(x, h, dh, W, U):
    """`dW`, `dU` and `db` are divided by the number of steps. Whether the loss is a mean is the loss's own affair, and
    `dh` knows it already: the gradients add up."""
    dx, dh0, *sums = gathered(x, h, W, *right_dz(h, dh, U))
    return dx, dh0, *(total / len(x) for total in sums)


def recurrent_gradient_with_the_state_after(x, h, dh, W, U):
    """`dU` is made with `h[t + 1]`. At step t, `U` was multiplied by the state before the step."""
    dz, dh0 = right_dz(h, dh, U)
    dx, dh0, dW, _, db = gathered(x, h, W, dz, dh0)
    return dx, dh0, dW, np.einsum("thn,tjn->hj", dz, h[1:]), db


def weight_gradient_with_the_input_before(x, h, dh, W, U):
    """`dW` is made with `x[t - 1]`. Only the states begin one earlier: step t makes `h[t + 1]` from `h[t]` and
    `x[t]`."""
    dz, dh0 = right_dz(h, dh, U)
    dx, dh0, _, dU, db = gathered(x, h, W, dz, dh0)
    return dx, dh0, np.einsum("thn,tdn->hd", dz, np.roll(x, 1, axis=0)), dU, db


def future_clipped_inside_the_loop(x, h, dh, W, U):
    """`future` is cut to the range from -1 to 1 at each step, so that what comes out is no longer the gradient of the
    loss. Clipping comes after the whole way back, on the finished gradients."""

    def dz_at(t, future):
        return (dh[t] + np.clip(future, -1, 1)) * (1 - h[t + 1] ** 2)

    dz, dh0 = back(dh, U, dz_at)
    return gathered(x, h, W, dz, np.clip(dh0, -1, 1))


def initial_state_one_product_short(x, h, dh, W, U):
    """`dh0` is the gradient under the tanh of step 0. From there to the initial state it has one more product to
    go."""
    dz, _ = right_dz(h, dh, U)
    return gathered(x, h, W, dz, dz[0])


# --- truncated -----------------------------------------------------------------------------------------------------


def cut_where(is_cut, x, h, dh, W, U):
    """The sums over a way back on which the future of step t counts as zero where `is_cut(t)`."""
    dz, _ = back(dh, U, lambda t, future: (dh[t] + (0 if is_cut(t) else future)) * (1 - h[t + 1] ** 2))
    return gathered(x, h, W, dz, None)[2:]


def not_cut(x, h, dh, W, U, k):
    """The gradient runs through the whole sequence. At the border of a block, what comes from the future stops."""
    return cut_where(lambda t: False, x, h, dh, W, U)


def cut_everywhere(x, h, dh, W, U, k):
    """Nothing comes from the future at any step. Inside a block the gradient flows as before; only the borders stop
    it."""
    return cut_where(lambda t: True, x, h, dh, W, U)


def cut_one_step_late(x, h, dh, W, U, k):
    """The cuts lie one step too late: the first block has k + 1 steps. Steps 0 to k - 1 are the first block, so the
    first border lies between k - 1 and k."""
    return cut_where(lambda t: t > 0 and t % k == 0, x, h, dh, W, U)


def first_steps_hear_no_future(x, h, dh, W, U, k):
    """`future` is set to zero where `t % k == 0`, before it is used: the first step of each block hears nothing of the
    rest of its block. The border lies after the last step of a block, so ask there."""
    return cut_where(lambda t: t % k == 0, x, h, dh, W, U)


def blocks_counted_from_the_end(x, h, dh, W, U, k):
    """The blocks are counted back from the last step, which puts a shorter one at the beginning. Count from step
    0."""
    return cut_where(lambda t: (len(x) - 1 - t) % k == 0, x, h, dh, W, U)


def last_block_only(x, h, dh, W, U, k):
    """Only the last k steps contribute. Every block does: what stops at a border is the gradient from the future, not
    the loop."""
    return cut_where(lambda t: False, x[-k:], h[-k - 1 :], dh[-k:], W, U)


def sliding_window(x, h, dh, W, U, k):
    """Each loss is sent back through k steps, wherever it stands. That is truncation too, but with a window that
    moves; here the borders stand still, at every k-th step."""
    total = [np.zeros_like(W), np.zeros_like(U), np.zeros_like(U[:, :1])]
    for end in range(1, len(x) + 1):
        window = slice(max(end - k, 0), end)
        steps = dh[window] * (np.arange(end)[window] == end - 1)[:, None, None]
        parts = cut_where(lambda t: False, x[window], h[window.start : end + 1], steps, W, U)
        total = [so_far + part for so_far, part in zip(total, parts, strict=True)]
    return tuple(total)


def loss_cut_too(x, h, dh, W, U, k):
    """At a border the gradient from above is lost as well. The last step of a block still has a loss of its own."""
    kept = dh * (np.arange(1, len(x) + 1) % k != 0)[:, None, None]
    return cut_where(lambda t: (t + 1) % k == 0, x, h, kept, W, U)


def as_many_blocks_as_k(x, h, dh, W, U, k):
    """The sequence is cut into k blocks. `k` is how many steps a block has."""
    length = max(len(x) // k, 1)
    return cut_where(lambda t: (t + 1) % length == 0, x, h, dh, W, U)
