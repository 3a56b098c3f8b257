"""The encoder of pictures and the captioner: gradients into the pixels, PyTorch's values, decoding, bad input."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from support import assert_same

from rnn_lab.datasets.captions import LONGEST, Captioned, true_captions, vocabulary
from rnn_lab.datasets.scenes import QUESTIONS, answers, draw, random_scene
from rnn_lab.decoding import beam_search
from rnn_lab.models import CaptionDecoder, Captioner, PictureEncoder, ThingNamer
from rnn_lab.models.scene_captioner import SceneCaptioner, load_captioner, save_captioner
from rnn_lab.nn import Adam, softmax_cross_entropy
from rnn_lab.nn.gradcheck import check_gradients, negative_control
from rnn_lab.storage import write_arrays
from rnn_lab.training import fit

VALUES = Path(__file__).parent / "oracles" / "torch_captioner_values.npz"
N, T, V, D, H = 2, 4, 9, 4, 6


def small(seed=0, separate=True, attention=True, dropout=0.0):
    """Build a captioner of 16 x 16 pictures, and draw a batch for it."""
    rng = np.random.default_rng(seed)
    encoder = PictureEncoder((3, 4, 5), 2, rng, separate=separate)
    decoder = CaptionDecoder((2, 2, 7), V, D, H, rng, attention=attention, dropout=dropout)
    model = Captioner(encoder, decoder)
    for param in model.params.values():
        param += 0.1 * rng.standard_normal(param.shape)
    inputs, targets = rng.integers(0, V, (2, T, N))
    return model, (rng.random((N, 16, 16, 3)), inputs, targets, np.arange(T)[:, None] < [T, 2])


@pytest.mark.parametrize("separate", [True, False])
@pytest.mark.parametrize("attention", [True, False])
def test_gradients_agree_with_central_differences_down_to_the_pixels(separate, attention):
    model, (pictures, inputs, targets, mask) = small(1, separate, attention)

    def loss():
        return softmax_cross_entropy(model.forward(pictures, inputs)[0], targets, mask)[0]

    logits, cache = model.forward(pictures, inputs)
    dpictures, grads = model.backward(softmax_cross_entropy(logits, targets, mask)[1], cache, to_input=True)
    arrays, grads = model.params | {"pictures": pictures}, grads | {"pictures": dpictures}
    assert check_gradients(loss, arrays, grads).worst < 1e-6
    assert negative_control(loss, arrays, grads).wrong == list(arrays)
    assert_same(
        model.loss_and_grads((pictures, inputs, targets, mask))[1], {name: grads[name] for name in model.params}
    )


def test_loss_and_gradients_agree_with_torch():
    with np.load(VALUES) as file:
        torch = {name.removeprefix("captioner."): array for name, array in file.items() if "captioner." in name}
    model = Captioner(PictureEncoder((3, 4, 5), 2), CaptionDecoder((2, 2, 7), V, D, H))
    for name, param in model.params.items():
        param[...] = torch[name]
    logits, cache = model.forward(torch["pictures"], torch["inputs"])
    loss, dlogits = softmax_cross_entropy(logits, torch["targets"], torch["mask"])
    dpictures, grads = model.backward(dlogits, cache, to_input=True)
    assert abs(loss - torch["loss"]) < 1e-9
    for name, grad in (grads | {"pictures": dpictures}).items():
        expected = torch["dpictures"] if name == "pictures" else torch[f"grad.{name}"]
        assert np.abs(grad - expected).max() < 1e-9 * np.abs(expected).max(), name


def test_gradients_of_the_namer_agree_with_central_differences():
    rng = np.random.default_rng(2)
    namer = ThingNamer(PictureEncoder((3, 4, 5), 2, rng), (3, 2), rng)
    pictures, right = rng.random((3, 16, 16, 3)), np.array([[0, 1], [2, 0], [1, 1]])

    def loss():
        scores = namer.scores(pictures)
        return sum(softmax_cross_entropy(part, right[:, n])[0] for n, part in enumerate(scores))

    assert check_gradients(loss, namer.params, namer.loss_and_grads((pictures, right))[1]).worst < 1e-6


def test_dropout_spares_what_is_seen():
    """With everything that was said silenced, the words still depend on the picture; and the gradient is that of it."""
    model, (pictures, inputs, targets, mask) = small(3, dropout=0.9)

    def loss():
        logits, _ = model.forward(pictures, inputs, np.random.default_rng(5))
        return softmax_cross_entropy(logits, targets, mask)[0]

    grads = model.loss_and_grads((pictures, inputs, targets, mask, np.random.default_rng(5)))[1]
    assert check_gradients(loss, model.params, grads).worst < 1e-6
    H_size = model.decoder.bridge.params["b"].size
    _, (_, said) = model.forward(pictures, inputs, np.random.default_rng(5))
    assert (said.readout[:, :, :H_size] == 0).mean() > 0.5
    assert (said.readout[:, :, H_size:] != 0).any(axis=2).all()


@pytest.mark.parametrize("attention", [True, False])
def test_word_by_word_is_the_same_as_all_at_once(attention):
    model, (pictures, inputs, _, _) = small(4, attention=attention)
    memory, state = model.see(pictures)
    logits, (_, said) = model.forward(pictures, inputs)
    for t in range(T):
        step, state = model.decoder.step(memory, inputs[t], state)
        assert_same(step, logits[t])
    if attention:
        assert said.weights.shape == (T, N, 2, 2)
        assert_same(said.weights.sum(axis=(2, 3)), np.ones((T, N)))


def test_a_beam_is_at_least_as_probable_as_greedy():
    model, (pictures, *_) = small(5)
    memory, state = model.see(pictures[:1])
    found = [beam_search(partial(model.decoder.step, memory), 0, 1, width, 6, state=state).found[0] for width in (1, 4)]
    assert found[1].log_probability >= found[0].log_probability


def test_colours_do_not_reach_the_shape_stream_nor_shapes_the_colour_stream():
    encoder = PictureEncoder(rng=np.random.default_rng(0))
    rng = np.random.default_rng(1)
    pictures = rng.random((2, 40, 40, 3))
    features, _ = encoder.forward(pictures)
    other_colours, _ = encoder.forward(pictures[..., [2, 0, 1]])
    assert_same(features[..., :48], other_colours[..., :48])
    cells = pictures.reshape(2, 5, 8, 5, 8, 3).transpose(0, 1, 3, 2, 4, 5).reshape(2, 5, 5, 64, 3)
    shuffled = rng.permuted(np.arange(64))
    cells = cells[:, :, :, shuffled].reshape(2, 5, 5, 8, 8, 3).transpose(0, 1, 3, 2, 4, 5).reshape(2, 40, 40, 3)
    assert_same(features[..., 48:], encoder.forward(cells)[0][..., 48:])


def test_it_learns_a_few_scenes_by_heart():
    rng = np.random.default_rng(0)
    scenes = [random_scene(rng) for _ in range(8)]
    pictures, captions = draw(scenes, rng), [true_captions(scene)[:1] for scene in scenes]
    captioned, captioner = Captioned(pictures, captions, vocabulary()), SceneCaptioner(dropout=0.0).build(rng)
    fit(
        captioner,
        lambda rng: captioned.batch(range(8), rng),
        Adam(5e-3),
        steps=150,
        rng=rng,
        max_norm=1.0,
        progress=False,
    )
    assert captioner.describe(pictures, vocabulary(), LONGEST) == [caption for (caption,) in captions]


def test_the_answers_of_a_namer_are_the_words_of_its_scenes():
    rng = np.random.default_rng(0)
    scenes = [random_scene(rng, count=1) for _ in range(20)]
    words = [[words[place] for words, place in zip(QUESTIONS, row, strict=True)] for row in answers(scenes)]
    assert words == [[scene[0].kind, scene[0].colour, scene[0].size] for scene in scenes]


def test_a_captioner_comes_back_from_its_file(tmp_path):
    architecture = SceneCaptioner(shapes=(2, 3, 4), colours=2, embedding_size=3, hidden_size=5)
    captioner = architecture.build(np.random.default_rng(0))
    save_captioner(tmp_path / "captioner.safetensors", architecture, captioner)
    assert_same(load_captioner(tmp_path / "captioner.safetensors").params, captioner.params, 0)
    write_arrays(tmp_path / "other.safetensors", captioner.params, {})
    with pytest.raises(ValueError, match="says nothing of its architecture"):
        load_captioner(tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (np.zeros((1, 40, 40)), r"pictures has shape \(1, 40, 40\); expected \(N, height, width, 3\)"),
        (np.zeros((1, 40, 40, 1)), r"pictures has shape \(1, 40, 40, 1\); expected \(N, height, width, 3\)"),
        (np.full((1, 40, 40, 3), np.nan), "pictures holds 4800 NaN or infinite"),
        (np.full((1, 40, 40, 3), 200, np.uint8), "from 200 to 200; expected 0 to 1: divide by 255"),
        (np.zeros((1, 41, 40, 3)), "multiples of 8"),
        (np.zeros((1, 48, 40, 3)), r"features has shape \(1, 6, 5, 60\); expected \(N, 5, 5, 60\)"),
        (np.zeros((0, 40, 40, 3)), "pictures is empty"),
        (np.full((1, 40, 40, 3), "red"), "expected real numbers"),
    ],
)
def test_it_says_what_is_wrong_with_pictures(pictures, message):
    with pytest.raises((TypeError, ValueError), match=message):
        SceneCaptioner().build(np.random.default_rng(0)).see(pictures)


def test_it_says_what_is_wrong_with_sizes():
    with pytest.raises(ValueError, match=r"sizes is \(1, 2\); expected the filters of three convolutions"):
        PictureEncoder((1, 2))
    with pytest.raises(ValueError, match=r"grid is \(5, 5\); expected rows, columns and features of a place"):
        CaptionDecoder((5, 5), V, D, H)


@pytest.mark.parametrize("answers", [[[0, 1, 0]], [0], [[0, 1], [0, 1]], [0, 1]])
def test_it_says_what_is_wrong_with_answers(answers):
    namer = ThingNamer(PictureEncoder((3, 4, 5), 2), (3, 2))
    with pytest.raises(ValueError, match=r"answers has shape .*; expected \(1, 2\): one for each picture and question"):
        namer.loss_and_grads((np.zeros((1, 16, 16, 3)), answers))


def test_it_says_what_is_wrong_with_words():
    model, (pictures, *_) = small()
    memory, state = model.see(pictures)
    with pytest.raises(ValueError, match=r"ids has shape \(1, 2\); expected \(N,\)"):
        model.decoder.step(memory, [[0, 1]], state)
    with pytest.raises(ValueError, match="expected 0 to 8"):
        model.decoder.step(memory, [0, 9], state)
    with pytest.raises(ValueError, match="one column for each caption"):
        model.forward(pictures, [0, 1])
