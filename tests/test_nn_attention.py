"""Additive attention, alone and before every step of a GRU: its gradients, padding, a plain copy of its formulas."""

import numpy as np
import pytest
from support import assert_same

from rnn_lab.nn import GRU, AdditiveAttention, AttentionGRU, GRUCell
from rnn_lab.nn.gradcheck import check_gradients, negative_control

T, S, N, D, H, K, A = 4, 6, 3, 2, 5, 7, 4


def looks(seed=0, T=T, lengths=(6, 2, 4)):
    """Draw an attention, T queries, keys with their lengths, and the gradients of the T contexts."""
    rng = np.random.default_rng(seed)
    attention = AdditiveAttention(H, K, A, rng)
    queries, keys = rng.standard_normal((T, N, H)), rng.standard_normal((S, N, K))
    return attention, queries, keys, np.array(lengths), rng.standard_normal((T, N, K))


def contexts_and_back(attention, queries, keys, lengths, dcontexts):
    """Look T times, and go back: the contexts, the weights, and every gradient by name."""
    memory = attention.remember(keys, lengths)
    contexts, seen = zip(*(attention.forward(query, memory) for query in queries), strict=True)
    back = [attention.backward(dcontext, look, memory) for dcontext, look in zip(dcontexts, seen, strict=True)]
    weights = np.stack([look.weights for look in seen])
    dkeys, grads = attention.remember_backward(sum(part[1] for part in back), weights, dcontexts, memory)
    grads |= {name: sum(part[2][name] for part in back) for name in ("W", "v")}
    return np.stack(contexts), weights, grads | {"queries": np.stack([part[0] for part in back]), "keys": dkeys}


@pytest.mark.parametrize("seed", range(3))
def test_gradients_of_looks_agree_with_central_differences(seed):
    case = attention, queries, keys, _, dcontexts = looks(seed)
    arrays = attention.params | {"queries": queries, "keys": keys}

    def loss():
        return np.vdot(contexts_and_back(*case)[0], dcontexts)

    grads = contexts_and_back(*case)[2]
    assert check_gradients(loss, arrays, grads).worst < 1e-6
    assert set(negative_control(loss, arrays, grads).wrong) == set(arrays)


def test_the_formulas_of_the_page():
    """One example, one query, without padding, in columns."""
    attention, queries, keys, _, _ = looks()
    contexts, weights, _ = contexts_and_back(attention, queries, keys, None, np.zeros((T, N, K)))
    W, U, v = (attention.params[name] for name in ("W", "U", "v"))
    for t in range(T):
        for n in range(N):
            scores = np.array([v @ np.tanh(W @ queries[t, n] + U @ key) for key in keys[:, n]])
            expected = np.exp(scores) / np.exp(scores).sum()
            assert_same(weights[t, n], expected)
            assert_same(contexts[t, n], expected @ keys[:, n])


def test_padding_is_not_seen():
    attention, queries, keys, lengths, dcontexts = looks()
    contexts, weights, grads = contexts_and_back(attention, queries, keys, lengths, dcontexts)
    sums = dict.fromkeys(("U", "W", "v"), 0.0)
    for n, length in enumerate(lengths):
        one = slice(n, n + 1)
        alone = contexts_and_back(attention, queries[:, one], keys[:length, one], None, dcontexts[:, one])
        assert_same(contexts[:, one], alone[0])
        assert_same(weights[:, one, :length], alone[1])
        assert_same(grads["queries"][:, one], alone[2]["queries"])
        assert_same(grads["keys"][:length, one], alone[2]["keys"])
        sums = {name: sums[name] + alone[2][name] for name in sums}
    assert_same({name: grads[name] for name in sums}, sums)
    keys[np.arange(S)[:, None] >= lengths] = np.nan
    again = contexts_and_back(attention, queries, keys, lengths, dcontexts)
    assert_same(again[0], contexts, 0)
    assert_same(again[2], grads, 0)


def test_scores_of_any_size_do_not_overflow():
    attention, queries, keys, lengths, _ = looks()
    attention.params["v"] *= 1e6
    _, look = attention.forward(queries[0], attention.remember(keys, lengths))
    assert_same(look.weights.sum(axis=1), np.ones(N))


def layer_and_batch(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    layer = AttentionGRU(D, H, K, A, rng, dtype)
    layer.params["b"][:] = rng.standard_normal((2, 3 * H))
    x, state, keys = (rng.standard_normal(shape).astype(dtype) for shape in ((T, N, D), (N, H), (S, N, K)))
    dh, dcontexts = rng.standard_normal((T, N, H)).astype(dtype), rng.standard_normal((T, N, K)).astype(dtype)
    return layer, {"x": x, "state": state, "keys": keys}, np.array([6, 2, 4]), dh, dcontexts


@pytest.mark.parametrize("seed", range(3))
def test_gradients_of_the_layer_agree_with_central_differences(seed):
    """All of them: of every parameter, the input, the initial state and the keys."""
    layer, given, lengths, dh, dcontexts = layer_and_batch(seed)

    def forward():
        return layer.forward(given["x"], given["state"], layer.attention.remember(given["keys"], lengths))

    def loss():
        h, contexts, _, _ = forward()
        return np.vdot(h, dh) + np.vdot(contexts, dcontexts)

    dx, dstate, dkeys, grads = layer.backward(dh, dcontexts, forward()[3])
    grads = {"x": dx, "state": dstate, "keys": dkeys} | grads
    arrays = given | layer.params
    assert check_gradients(loss, arrays, grads).worst < 1e-6
    assert negative_control(loss, arrays, grads).wrong == list(arrays)


def test_the_layer_is_attention_before_every_step_of_a_cell():
    layer, given, lengths, _, _ = layer_and_batch()
    h, contexts, last, cache = layer.forward(
        given["x"], given["state"], memory := layer.attention.remember(given["keys"], lengths)
    )
    cell = GRUCell(D + K, H)
    cell.W, cell.U, cell.b = layer.params["W"], layer.params["U"], layer.params["b"].T
    state = given["state"]
    for t in range(T):
        context, look = layer.attention.forward(state, memory)
        state = cell.forward(np.concatenate([given["x"][t], context], axis=1).T, state.T).T
        assert_same(contexts[t], context)
        assert_same(cache.weights[t], look.weights)
        assert_same(h[t], state)
    assert_same(last, state)


def test_parameters_are_those_of_a_gru_and_of_its_attention():
    layer, *_ = layer_and_batch()
    expected = {name: param.shape for name, param in GRU(D + K, H).params.items()}
    expected |= {f"attention.{name}": param.shape for name, param in layer.attention.params.items()}
    assert {name: param.shape for name, param in layer.params.items()} == expected
    assert layer.params["attention.W"] is layer.attention.params["W"]


def test_float32_stays_float32():
    layer, given, lengths, dh, dcontexts = layer_and_batch(dtype=np.float32)
    *outputs, cache = layer.forward(given["x"], given["state"], layer.attention.remember(given["keys"], lengths))
    *gradients, grads = layer.backward(dh, dcontexts, cache)
    arrays = (*outputs, *gradients, *grads.values(), cache.weights)
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: AdditiveAttention(0, K, A), ValueError, "query_size is 0; expected at least 1"),
        (lambda: AttentionGRU(D, H, K, 0), ValueError, "attention_size is 0; expected at least 1"),
        (lambda: AdditiveAttention(H, K, A).remember(np.zeros((S, N, H))), ValueError, "keys has shape (6, 3, 5)"),
        (lambda: AdditiveAttention(H, K, A).remember(np.zeros((0, N, K))), ValueError, "keys is empty"),
        (lambda: AdditiveAttention(H, K, A).remember(np.full((S, N, K), np.nan)), ValueError, "keys holds 126 NaN"),
        (
            lambda: AdditiveAttention(H, K, A).remember(np.zeros((S, N, K)), [7, 1, 1]),
            ValueError,
            "lengths holds values from 1 to 7; expected 1 to T = 6",
        ),
        (
            lambda: AdditiveAttention(H, K, A).forward(np.zeros((N, K)), looks()[0].remember(looks()[2])),
            ValueError,
            "query has shape (3, 7); expected (N, 5)",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error) as raised:
        call()
    assert message in str(raised.value)
