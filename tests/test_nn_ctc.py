"""The CTC loss against every path written out, central differences and PyTorch's values."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_lab.nn.ctc import collapse, ctc_loss, forward_backward, steps_needed
from rnn_lab.nn.functions import log_softmax
from rnn_lab.nn.gradcheck import check_gradients, negative_control

VALUES = Path(__file__).parent / "oracles" / "torch_ctc_values.npz"
LIMIT = 1e-9


def random_case(seed, T, N, K, L, scale=2.0):
    """Scores, texts and their lengths; some texts are empty, some do not fit."""
    rng = np.random.default_rng(seed)
    logits = scale * rng.standard_normal((T, N, K))
    labels = rng.integers(1, K, (L, N))
    return logits, labels, rng.integers(1, T + 1, N), rng.integers(0, L + 1, N)


cases = st.builds(
    random_case,
    seed=st.integers(0, 2**32 - 1),
    T=st.integers(1, 5),
    N=st.integers(1, 3),
    K=st.integers(2, 4),
    L=st.integers(1, 4),
)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ([], []),
        ([0, 0], []),
        ([1, 1, 1], [1]),
        ([1, 0, 1], [1, 1]),
        ([0, 1, 1, 2, 0, 2, 2, 1], [1, 2, 2, 1]),
    ],
)
def test_collapse(path, text):
    assert collapse(path) == text


def by_enumeration(log_p, text):
    """The log-probability of a text, each path written out, and the share of each symbol at each step, (T, K)."""
    T, K = log_p.shape
    paths = [path for path in itertools.product(range(K), repeat=T) if collapse(path) == text]
    if not paths:
        return -np.inf, np.zeros((T, K))
    one_hot = np.eye(K)[np.array(paths)]  # (paths, T, K)
    logs = np.einsum("ptk,tk->p", one_hot, log_p)
    total = np.logaddexp.reduce(logs)
    return total, np.einsum("p,ptk->tk", np.exp(logs - total), one_hot)


@given(cases)
def test_the_paths_of_every_text_add_up(case):
    logits, labels, lengths, label_lengths = case
    log_p = log_softmax(logits)
    lattice = forward_backward(log_p, labels, lengths, label_lengths)
    _, dlogits = ctc_loss(logits, labels, lengths, label_lengths)
    for n, (T, L) in enumerate(zip(lengths, label_lengths, strict=True)):
        text = labels[:L, n].tolist()
        total, shares = by_enumeration(log_p[:T, n], text)
        assert lattice.log_likelihood[n] == pytest.approx(total, abs=1e-10)
        fits = steps_needed(labels[:L, [n]])[0] <= T
        assert fits == np.isfinite(total)
        expected = (np.exp(log_p[:T, n]) - shares) / len(lengths) if fits else 0
        np.testing.assert_allclose(dlogits[:T, n], expected, atol=1e-10)
        assert not dlogits[T:, n].any()
        posterior = lattice.posterior[:T, n]
        for k in range(logits.shape[2]):
            np.testing.assert_allclose(posterior[:, lattice.symbols[n] == k].sum(axis=1), shares[:, k], atol=1e-10)


@given(cases)
def test_a_padded_batch_is_its_sequences_one_by_one(case):
    logits, labels, lengths, label_lengths = case
    polluted = np.where(np.arange(len(logits))[:, None, None] < lengths[:, None], logits, 1e6)
    polluted_labels = np.where(np.arange(len(labels))[:, None] < label_lengths, labels, -7)
    loss, dlogits = ctc_loss(polluted, polluted_labels, lengths, label_lengths)
    losses = []
    for n, (T, L) in enumerate(zip(lengths, label_lengths, strict=True)):
        alone, dalone = ctc_loss(logits[:T, [n]], labels[:L, [n]])
        losses.append(alone)
        np.testing.assert_allclose(dlogits[:T, [n]] * len(lengths), dalone, atol=1e-12)
    assert loss == pytest.approx(np.mean(losses), abs=1e-12)


def test_the_gradient_agrees_with_central_differences_and_the_check_can_fail():
    rng = np.random.default_rng(3)
    logits, labels = rng.standard_normal((11, 4, 5)), rng.integers(1, 5, (4, 4))
    labels[:, 0] = [2, 2, 3, 3]
    lengths, label_lengths = np.array([11, 7, 4, 9]), np.array([4, 2, 0, 3])

    def loss():
        return ctc_loss(logits, labels, lengths, label_lengths)[0]

    grads = {"logits": ctc_loss(logits, labels, lengths, label_lengths)[1]}
    assert check_gradients(loss, {"logits": logits}, grads).worst < 1e-6
    assert negative_control(loss, {"logits": logits}, grads).wrong == ["logits"]


@pytest.mark.parametrize("name", ["plain", "padded", "long", "sure of something else"])
def test_values_of_pytorch(name):
    with np.load(VALUES) as file:
        case = {key.removeprefix(f"{name}."): file[key] for key in file if key.startswith(f"{name}.")}
    arguments = case["labels"], case["lengths"], case["label_lengths"]
    lattice = forward_backward(log_softmax(case["logits"]), *arguments)
    np.testing.assert_allclose(-lattice.log_likelihood, case["losses"], rtol=LIMIT)
    loss, dlogits = ctc_loss(case["logits"], *arguments)
    assert loss == pytest.approx(case["losses"].mean(), rel=LIMIT)
    np.testing.assert_allclose(dlogits, case["dlogits"], atol=LIMIT)


def test_float32_stays_near_float64_and_keeps_its_type():
    logits, labels, lengths, label_lengths = random_case(5, 100, 8, 17, 20)
    lengths[:] = 100
    loss, dlogits = ctc_loss(logits, labels, lengths, label_lengths)
    single, dsingle = ctc_loss(logits.astype(np.float32), labels, lengths, label_lengths)
    assert dsingle.dtype == np.float32
    assert single == pytest.approx(loss, rel=1e-5)
    np.testing.assert_allclose(dsingle, dlogits, atol=1e-4)


def test_a_text_too_long_for_its_sound_has_an_infinite_loss_and_no_gradient():
    logits, labels = np.zeros((3, 2, 4)), np.array([[1, 1], [1, 2], [2, 3]])
    assert steps_needed(labels).tolist() == [4, 3]
    loss, dlogits = ctc_loss(logits, labels)
    assert loss == np.inf
    assert not dlogits[:, 0].any()
    assert np.isfinite(dlogits).all() and dlogits[:, 1].any()


def test_probabilities_of_zero_are_no_trouble():
    log_p = np.array([[0.0, -np.inf, -np.inf], [-np.inf, 0.0, -np.inf], [0.0, -np.inf, -np.inf]])[:, None]
    assert forward_backward(log_p, np.array([[1]])).log_likelihood[0] == pytest.approx(0)
    assert forward_backward(log_p, np.array([[2]])).log_likelihood[0] == -np.inf


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"logits": np.full((4, 2, 3), np.nan)}, ValueError, "logits holds 24 NaN"),
        ({"logits": np.zeros((4, 2))}, ValueError, r"logits has shape \(4, 2\); expected \(T, N, K\)"),
        ({"labels": np.array([[1.0, 2.0]])}, TypeError, "labels holds values of type float64"),
        ({"labels": np.array([[1, 2, 1]])}, ValueError, r"labels has shape \(1, 3\); expected \(L, 2\)"),
        ({"labels": np.array([[1, 3]])}, ValueError, "labels holds symbols from 1 to 3; expected 1 to 2"),
        ({"labels": np.array([[0, 1]])}, ValueError, "labels holds symbols from 0 to 1; .* 0 is the blank"),
        ({"lengths": [4, 5]}, ValueError, "lengths holds values from 4 to 5; expected 1 to T = 4"),
        ({"label_lengths": [1, 2]}, ValueError, "label_lengths holds values from 1 to 2; expected 0 to L = 1"),
        ({"label_lengths": [1]}, ValueError, r"label_lengths has shape \(1,\); expected \(2,\)"),
        ({"label_lengths": [1.0, 1.0]}, TypeError, "label_lengths holds values of type float64"),
    ],
)
def test_bad_input_is_named(change, error, message):
    good = {"logits": np.zeros((4, 2, 3)), "labels": np.array([[1, 2]])}
    with pytest.raises(error, match=message):
        ctc_loss(**good | change)
