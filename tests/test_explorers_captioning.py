"""The explorers of chapter 09: what they compute, over every control and for odd scenes, and what they draw."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from controls import Controls
from support import assert_same

from rnn_lab import plots
from rnn_lab.datasets.captions import LONGEST, true_captions, vocabulary
from rnn_lab.datasets.scenes import SIZE, Thing, draw, random_scene
from rnn_lab.explorers import feature_maps, saliency, scene_editor
from rnn_lab.models import CaptionDecoder, Captioner, PictureEncoder, SceneCaptioner, bundled_captioner
from rnn_lab.nn.functions import log_softmax
from rnn_lab.nn.gradcheck import check_gradients

CIRCLE = Thing("circle", "green", "small", 10.0, 12.0)
SCENES = {
    "two things": (CIRCLE, Thing("square", "blue", "large", 28.0, 28.0)),
    "empty": (),
    "alone": (CIRCLE,),
    "over each other": (CIRCLE, CIRCLE._replace(colour="blue")),
    "at the border": (CIRCLE._replace(x=0.0, y=39.0), CIRCLE),
}


@pytest.fixture(autouse=True)
def _style():
    with plt.rc_context():
        plots.use_style()
        yield


@pytest.fixture(scope="module")
def captioner():
    return bundled_captioner()


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("width", [1, 3])
def test_any_scene_is_described(captioner, name, width):
    described = scene_editor.compute(captioner, SCENES[name], width)
    T = len(described.words)
    assert 0 < T <= LONGEST and described.weights.shape == (T, 5, 5)
    assert_same(described.weights.sum(axis=(1, 2)), np.ones(T, np.float32), 1e-5)
    assert ((described.probabilities > 0) & (described.probabilities <= 1)).all()
    assert described.allowed == true_captions(SCENES[name])
    assert ("no caption" in described.verdict) == (not described.allowed)
    if width == 1:
        assert described.caption == captioner.describe(described.picture[None], vocabulary(), LONGEST)[0]


def test_every_word_has_its_own_look_and_its_own_probability(captioner):
    described = scene_editor.compute(captioner, SCENES["two things"])
    features, _ = captioner.encoder.forward(described.picture[None])
    memory, state = captioner.decoder.look_over(features)
    words = vocabulary()
    token = words.start
    for word, weights, probability in zip(described.words, described.weights, described.probabilities, strict=True):
        logits, state = captioner.decoder.step(memory, np.array([token]), state)
        _, look = captioner.decoder.decoder.attention.forward(state, memory)
        token = words.encode([word])[0]
        assert probability == pytest.approx(np.exp(log_softmax(logits[0]))[token], rel=1e-4)
        assert_same(weights.ravel(), look.weights[0], 1e-5)


def test_a_caption_is_judged_by_those_that_are_true():
    allowed = true_captions(SCENES["two things"])
    described = scene_editor.Description(np.zeros(0), allowed[0].split(), np.zeros(0), np.zeros(0), allowed)
    assert described.verdict == "true"
    assert replace(described, words=described.words[::-1]).verdict == "not true"
    assert replace(described, allowed=[]).verdict.startswith("no caption can be true")


def test_the_light_falls_where_the_word_looked():
    weights = np.zeros((5, 5))
    weights[1, 3] = 1
    light = scene_editor.lit(np.ones((SIZE, SIZE, 3)), weights)
    assert_same(light[8:16, 24:32], np.ones((8, 8, 3)))
    assert light.sum() < 64 * 3 + 3 * SIZE**2 * scene_editor.DARKEST


def test_without_attention_there_is_nothing_to_show():
    blind = SceneCaptioner(attention=False).build(np.random.default_rng(0))
    with pytest.raises(ValueError, match="has no attention"):
        scene_editor.compute(blind, ())


def test_the_maps_are_those_of_the_encoder(captioner):
    for layer, channels in (("shape1", 16), ("shape2", 32), ("shape3", 64), ("colour", 12)):
        answers = feature_maps.compute(captioner.encoder, 2, layer)
        _, cache = captioner.encoder.forward(answers.picture[None])
        assert_same(answers.maps, cache.layers[layer].active[0].transpose(2, 0, 1), 0)
        assert len(answers.maps) == len(answers.filters) == channels
        assert answers.caption == {"shape1": "weights", "colour": "red, green, blue"}.get(layer, "strength")
        assert np.nanmax(feature_maps.tiled(answers.maps)) == 1
    with pytest.raises(ValueError, match="layer is 'shape9'; expected one of shape1"):
        feature_maps.compute(captioner.encoder, 2, "shape9")


def test_the_pixels_are_the_gradient_of_the_word():
    rng, words = np.random.default_rng(0), vocabulary()
    encoder = PictureEncoder((4, 4, 4), 3, rng)
    model = Captioner(encoder, CaptionDecoder((5, 5, 7), len(words), 4, 6, rng))
    found = saliency.compute(model, 1, 2)
    ids = words.encode(found.description.words)
    inputs = np.array([words.start, *ids[: found.place]])[:, None]
    pictures = found.description.picture[None].astype(float)

    def log_p():
        return log_softmax(model.forward(pictures, inputs)[0][-1, 0])[ids[found.place]]

    report = check_gradients(log_p, {"pixels": pictures}, {"pixels": found.pixels[None]})
    assert report.worst < 0.02  # of 4,800 pixels that move together, a few change which one a pooling lets through
    assert_same(found.strength**2, (found.pixels**2).sum(axis=2))


def test_a_caption_without_words_is_named():
    silent = SceneCaptioner().build(np.random.default_rng(0))
    silent.decoder.readout.params["b"][vocabulary().end] = 100
    assert scene_editor.compute(silent, ()).words == []
    with pytest.raises(ValueError, match="the caption of scene 1 has no words"):
        saliency.compute(silent, 1, 0)
    with pytest.raises(ValueError, match="place is -1; expected"):
        saliency.compute(silent, 1, -1)


def test_a_word_beyond_the_caption_is_its_last(captioner):
    found = saliency.compute(captioner, 3, 50)
    assert found.place == len(found.description.words) - 1


def test_every_setting_of_the_editor_draws(captioner):
    controls = Controls(scene_editor.explorer(captioner))
    start = controls.live.frame
    for name in controls.by_name:
        assert len(set(controls.frames(name))) > 1 or name == "search", name  # the greedy caption may be the best
        assert controls.live.frame == start, f"{name} leaves a trace"
    assert controls.live.backdrop_draws == 1
    for n in (1, 2, 3):
        controls.by_name[f"kind {n}"].value = scene_editor.NOTHING
    assert "no caption can be true" in controls.live.alt and not controls.live.error


def test_every_setting_of_the_maps_and_of_saliency_draws(captioner):
    for panel in (feature_maps.explorer(captioner.encoder), saliency.explorer(captioner)):
        controls = Controls(panel)
        controls.assert_every_setting_draws()
        controls.assert_ends_differ_in_pixels()


def test_every_filter_of_a_layer_can_be_chosen(captioner):
    controls = Controls(feature_maps.explorer(captioner.encoder))
    chosen, layer = controls.by_name["filter"], controls.by_name["layer"]
    for name, channels in zip(layer.options, (16, 32, 64, 12), strict=True):
        layer.value = name
        assert chosen.max == channels
        assert len(set(controls.frames("filter", range(1, channels + 1)))) > 0.8 * channels  # some answer to nothing
    layer.value, chosen.value = layer.options[2], 64
    layer.value = layer.options[0]
    assert chosen.value == 16 and not controls.live.error


def test_an_encoder_with_one_stream_has_no_layer_of_colours():
    controls = Controls(feature_maps.explorer(PictureEncoder((4, 4, 4), 3, np.random.default_rng(0), separate=False)))
    assert len(list(controls.frames("layer"))) == 3
    assert controls.by_name["filter"].max == 4


def test_the_scenes_of_the_explorers_are_by_test_writers(captioner):
    scene = random_scene(np.random.default_rng(4), "test")
    picture = draw([scene], np.random.default_rng(4))[0]
    assert_same(feature_maps.compute(captioner.encoder, 4).picture, picture, 0)
    assert_same(saliency.compute(captioner, 4, 0).description.picture, picture, 0)
