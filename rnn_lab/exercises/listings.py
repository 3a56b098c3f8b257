"""The listings of the bug museum: mistakes that were really made, rebuilt around a tanh cell with a loss at every step.

Every listing has the same arguments, x (T, D, N), h0 (H, N), target (T, H, N), W (H, D), U (H, H) and b (H, 1), and
returns the loss and the gradients of x, h0, W, U and b. In each, one line is wrong.
"""

import numpy as np

from rnn_lab.exercises.bptt import backward_through_time
from rnn_lab.exercises.cell import unroll
from rnn_lab.exercises.exhibit import mistaken
from rnn_lab.nn import RNNCell

all_states = unroll.reference
way_back = backward_through_time.reference


def cell_with(W, U, b):
    """A cell of the package, which is right, with these weights."""
    cell = RNNCell(W.shape[1], W.shape[0])
    cell.W, cell.U, cell.b = W, U, b
    return cell


@mistaken(
    found="in the article that this course grew out of, in the backward pass of its cell",
    mistake="1 - np.tanh(h[t]) ** 2",
    repair="1 - h[t + 1] ** 2",
    diagnosis="It takes the slope of the tanh at the state before the step. The tanh was taken of the sum, and its "
    "slope follows from what came out, the state after the step.",
)
def previous_state(x, h0, target, W, U, b):
    T = len(x)
    h = [h0]
    for t in range(T):
        h.append(np.tanh(W @ x[t] + U @ h[t] + b))  # the state after step t
    loss = sum(np.sum((h[t + 1] - target[t]) ** 2) for t in range(T))
    dx, dh = np.zeros_like(x), np.zeros_like(h0)  # nothing comes after the end
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    for t in reversed(range(T)):
        dh_next = dh + 2 * (h[t + 1] - target[t])  # from the future + from above
        dz = (1 - np.tanh(h[t]) ** 2) * dh_next  # back through the tanh
        dx[t], dh = W.T @ dz, U.T @ dz  # back to the input, and to the state before
        dW += dz @ x[t].T  # the input that W met
        dU += dz @ h[t].T  # the state that U met
        db += dz.sum(axis=1, keepdims=True)  # one bias for all examples
    return loss, (dx, dh, dW, dU, db)


@mistaken(
    found="in the article that this course grew out of, whose training loop has only two states on the way back",
    mistake="states[-2], states[-1]",
    repair="states[t], states[t + 1]",
    diagnosis="It takes the last two states at every step, as if no others had been kept. Step t needs the states "
    "before and after step t.",
)
def no_states_kept(x, h0, target, W, U, b):
    cell, states = cell_with(W, U, b), [h0]
    for t in range(len(x)):
        states.append(cell.forward(x[t], states[t]))  # the state after step t
    loss = np.sum((np.array(states[1:]) - target) ** 2)
    dx, dh = np.zeros_like(x), np.zeros_like(h0)  # nothing comes after the end
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    for t in reversed(range(len(x))):
        h, h_next = states[-2], states[-1]  # the states before and after the step
        dh_next = dh + 2 * (h_next - target[t])  # from the future + from above
        dx[t], dh, dW_t, dU_t, db_t = cell.backward(x[t], h, dh_next)
        dW, dU, db = dW + dW_t, dU + dU_t, db + db_t  # one weight, many uses: add
    return loss, (dx, dh, dW, dU, db)


@mistaken(
    found="in the article that this course grew out of, where its loop prepares the gradient for a cell",
    mistake="from_above * (1 - np.tanh(h[t + 1]) ** 2)",
    repair="from_above",
    diagnosis="It multiplies by the slope of the tanh, taken of an already activated value at that, and "
    "`cell.backward` multiplies by the slope again. The loss's gradient goes in as it is.",
)
def tanh_twice(x, h0, target, W, U, b):
    cell = cell_with(W, U, b)
    h = all_states(x, h0, W, U, b)  # T + 1 states, the initial one first
    loss = np.sum((h[1:] - target) ** 2)
    dx, dh = np.zeros_like(x), np.zeros_like(h0)  # nothing comes after the end
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    for t in reversed(range(len(x))):
        from_above = 2 * (h[t + 1] - target[t])  # the loss's gradient at step t
        dh_next = dh + from_above * (1 - np.tanh(h[t + 1]) ** 2)  # future + above
        dx[t], dh, dW_t, dU_t, db_t = cell.backward(x[t], h[t], dh_next)
        dW, dU, db = dW + dW_t, dU + dU_t, db + db_t  # one weight, many uses: add
    return loss, (dx, dh, dW, dU, db)


@mistaken(
    found="in the article that this course grew out of, whose loop trains weights that its cell does not share",
    mistake="RNNCell(W.shape[1], W.shape[0], np.random.default_rng(1))",
    repair="cell_with(W, U, b)",
    diagnosis="It makes a new cell, whose random weights have nothing to do with the forward pass. The way back has to "
    "go through the very weights of the way there.",
)
def another_cells_weights(x, h0, target, W, U, b):
    h = [h0]
    for t in range(len(x)):
        h.append(np.tanh(W @ x[t] + U @ h[t] + b))  # the state after step t
    loss = sum(np.sum((h[t + 1] - target[t]) ** 2) for t in range(len(x)))
    cell = RNNCell(W.shape[1], W.shape[0], np.random.default_rng(1))  # to go back
    dx, dh = np.zeros_like(x), np.zeros_like(h0)  # nothing comes after the end
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    for t in reversed(range(len(x))):
        dh_next = dh + 2 * (h[t + 1] - target[t])  # from the future + from above
        dx[t], dh, dW_t, dU_t, db_t = cell.backward(x[t], h[t], dh_next)
        dW, dU, db = dW + dW_t, dU + dU_t, db + db_t  # one weight, many uses: add
    return loss, (dx, dh, dW, dU, db)


@mistaken(
    found="in many first attempts at the way back",
    mistake="(1 - h[t + 1] ** 2) * dh[t]",
    repair="(1 - h[t + 1] ** 2) * (dh[t] + future)",
    diagnosis="It hears only the loss right above the step. What comes back from the next step is computed, and never "
    "added.",
)
def no_future(x, h0, target, W, U, b):
    h = all_states(x, h0, W, U, b)  # T + 1 states, the initial one first
    loss = np.sum((h[1:] - target) ** 2)
    dh = 2 * (h[1:] - target)  # the loss's gradient at every step
    dz, future = np.zeros_like(dh), np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dz[t] = (1 - h[t + 1] ** 2) * dh[t]  # back through the tanh
        future = U.T @ dz[t]  # what the state before this step will hear from it
    dW = sum(dz[t] @ x[t].T for t in range(len(x)))  # with the inputs that W met
    dU = sum(dz[t] @ h[t].T for t in range(len(x)))  # with the states that U met
    db = dz.sum(axis=(0, 2))[:, None]  # over steps and examples
    return loss, (W.T @ dz, future, dW, dU, db)


@mistaken(
    found="in a widely copied exercise on LSTMs, which prints the wrong gradient as the expected one",
    mistake="dx[t], _, dW_t",
    repair="dx[t], dh, dW_t",
    diagnosis="It throws away the gradient of the state before the step, so that `dh`, the running gradient through "
    "time, stays zero.",
)
def running_gradient_never_updated(x, h0, target, W, U, b):
    cell = cell_with(W, U, b)
    h = all_states(x, h0, W, U, b)  # T + 1 states, the initial one first
    from_above = 2 * (h[1:] - target)  # the loss's gradient at every step
    dx, dh = np.zeros_like(x), np.zeros_like(h0)  # nothing comes after the end
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    for t in reversed(range(len(x))):
        dh_next = dh + from_above[t]  # from the future + from above
        dx[t], _, dW_t, dU_t, db_t = cell.backward(x[t], h[t], dh_next)
        dW, dU, db = dW + dW_t, dU + dU_t, db + db_t  # one weight, many uses: add
    return np.sum((h[1:] - target) ** 2), (dx, dh, dW, dU, db)


@mistaken(
    found="in a published LSTM in NumPy, whose tests look at the shapes of the gradients",
    mistake="total = total + part",
    repair="total += part",
    diagnosis="It makes a new array and calls it `total`; the one in `totals` stays zero. Adding in place changes the "
    "array that both names stand for.",
)
def zero_weight_gradients(x, h0, target, W, U, b):
    h = all_states(x, h0, W, U, b)  # T + 1 states, the initial one first
    from_above = 2 * (h[1:] - target)  # the loss's gradient at every step
    dx, dh = np.zeros_like(x), np.zeros_like(h0)  # nothing comes after the end
    totals = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    for t in reversed(range(len(x))):
        dz = (1 - h[t + 1] ** 2) * (dh + from_above[t])  # from the future and above
        dx[t], dh = W.T @ dz, U.T @ dz  # back to the input, and to the state before
        parts = dz @ x[t].T, dz @ h[t].T, dz.sum(axis=1, keepdims=True)  # at step t
        for total, part in zip(totals, parts, strict=True):
            total = total + part  # one weight, many uses: add
    return np.sum((h[1:] - target) ** 2), (dx, dh, *totals)


@mistaken(
    found="in published networks that read a sequence in both directions",
    mistake="np.flip(x, axis=1)",
    repair="np.flip(x, axis=0)",
    diagnosis="It turns the features round and leaves time as it was; time is axis 0. The check notices because `dx` "
    "is turned back rightly: with the same mistake there too, the gradients would agree, and the network would still "
    "read forwards.",
)
def reversed_in_name_only(x, h0, target, W, U, b):
    x_reversed = np.flip(x, axis=1)  # the last step first
    h = all_states(x_reversed, h0, W, U, b)  # read from the end to the beginning
    y = np.flip(h[1:], axis=0)  # the state that belongs to each step of x
    loss = np.sum((y - target) ** 2)
    dy = 2 * (y - target)
    dh = np.flip(dy, axis=0)  # in the order in which the states were made
    dx_reversed, dh0, dW, dU, db = way_back(x_reversed, h, dh, W, U)
    dx = np.flip(dx_reversed, axis=0)  # in the order of x
    return loss, (dx, dh0, dW, dU, db)


@mistaken(
    found="in published layers that keep the last forward pass to themselves",
    mistake="x, h = self.cache",
    repair="x, h = cache",
    diagnosis="It goes back through whatever the layer saw last, and that was the evaluation. What belongs to a "
    "forward pass is handed out with its result, and handed in again.",
)
def remembered(x, h0, target, W, U, b):
    class Layer:
        def forward(self, x, h0):
            h = all_states(x, h0, W, U, b)
            self.cache = x, h  # for whoever wants to look inside
            return h[1:], self.cache

        def backward(self, dy, cache):
            x, h = self.cache  # what the forward pass has seen
            return way_back(x, h, dy, W, U)

    layer = Layer()
    y, cache = layer.forward(x, h0)
    dy = 2 * (y - target)
    layer.forward(np.ones_like(x), h0)  # an evaluation on other data
    return np.sum((y - target) ** 2), layer.backward(dy, cache)
