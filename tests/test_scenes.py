"""Scenes and what is true of them: who wrote the digits, how things look, where they are, and mistakes in the input."""

from itertools import pairwise

import numpy as np
import pytest
from support import assert_same

from rnn_lab.datasets import captions, scenes
from rnn_lab.datasets.scenes import COLOURS, KINDS, NUMERALS, PARTS, RADII, SHAPES, SIZE, Thing, draw, random_scene
from rnn_lab.datasets.translation import Vocabulary

CIRCLE = Thing("circle", "green", "small", 10.0, 12.0)
SQUARE = Thing("square", "blue", "large", 28.0, 30.0)


def many(count=300, **options):
    rng = np.random.default_rng(0)
    return [random_scene(rng, **options) for _ in range(count)]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_has_only_its_own_writing_and_all_digits(part):
    first, end = PARTS[part]
    digits = [thing for scene in many(part=part) for thing in scene if thing.kind in NUMERALS]
    assert all(first <= thing.sample < end for thing in digits)
    assert all(scenes.handwritten()[1][thing.sample] == NUMERALS.index(thing.kind) for thing in digits)
    assert {thing.kind for thing in digits} == set(NUMERALS)


def test_the_parts_share_no_digit():
    borders = list(PARTS.values())
    assert borders[0][0] == 0 and borders[-1][1] == len(scenes.handwritten()[0]) == 1797
    assert all(end == first for (_, end), (first, _) in pairwise(borders))


def combinations(**options):
    return {(thing.colour, thing.kind) for scene in many(1500, **options) for thing in scene}


def test_held_out_combinations_are_never_seen_and_always_unseen():
    held = {(colour, kind) for colour in COLOURS for kind in KINDS if scenes.held_out(colour, kind)}
    assert len(held) == 12 and {colour for colour, _ in held} == set(COLOURS)
    assert combinations(unseen=True) == held
    assert combinations() == {(colour, kind) for colour in COLOURS for kind in KINDS} - held


def test_things_lie_inside_and_apart():
    for scene in many():
        assert len(scene) in (2, 3)
        for n, thing in enumerate(scene):
            r = RADII[thing.size]
            assert r < thing.x < SIZE - 1 - r and r < thing.y < SIZE - 1 - r
            for other in scene[:n]:
                assert np.hypot(thing.x - other.x, thing.y - other.y) >= r + RADII[other.size] + 1


def test_hardly_any_two_things_overlap():
    """Nothing is drawn twice on one pixel, but for the corners of squares and the ends of digits in a few scenes."""
    overlapping = 0
    for scene in many():
        covered = np.zeros((SIZE + 22, SIZE + 22), int)
        for thing, ink in zip(scene, scenes._ink(scene), strict=True):
            left, top = round(thing.x), round(thing.y)
            covered[top : top + 23, left : left + 23] += ink > 0.3
        overlapping += (covered > 1).any()
    assert 0 < overlapping / 300 < 0.05


def test_half_of_the_things_are_digits_many_are_large_and_every_word_occurs():
    things = [thing for scene in many(600) for thing in scene]
    assert 0.45 < np.mean([thing.kind in NUMERALS for thing in things]) < 0.55
    assert 0.35 < np.mean([thing.size == "large" for thing in things]) < 0.55
    assert {word for thing in things for word in (thing.kind, thing.colour, thing.size)} == {*KINDS, *COLOURS, *RADII}


def test_things_are_turned_a_little():
    angles = np.array([thing.angle for scene in many() for thing in scene])
    assert 14 < angles.max() <= 15 and -15 <= angles.min() < -14 and abs(angles.mean()) < 2


@pytest.mark.parametrize(("size", "radius"), [("small", 4.5), ("large", 7)])
def test_a_circle_covers_its_area(size, radius):
    circle = Thing("circle", "white", size, 20.3, 18.6)
    picture = draw([(circle,)], np.random.default_rng(0))[0].mean(axis=2)
    assert abs((picture > 0.6).sum() / (np.pi * radius**2) - 1) < 0.12


@pytest.mark.parametrize(
    ("shape", "inside"),
    [
        ("circle", [True, True, False, True]),
        ("square", [True, True, True, True]),
        ("triangle", [False, True, False, False]),
        ("cross", [False, False, False, True]),
    ],
)
def test_a_shape_covers_some_points_and_no_others(shape, inside):
    picture = draw([(Thing(shape, "white", "large", 20.5, 20.5),)], np.random.default_rng(0))[0].mean(axis=2)
    points = [(25, 16), (24, 25), (26, 15), (26, 21)]  # (x, y), more than half a pixel from every border
    assert [bool(picture[y, x] > 0.6) for x, y in points] == inside


@pytest.mark.parametrize("numeral", ["two", "four", "five", "seven", "nine"])
def test_a_digit_is_drawn_as_it_was_written(numeral):
    sample = int(scenes.samples(numeral, "choose")[0])
    digit = Thing(numeral, "white", "large", 20.0, 20.0, sample=sample)
    picture = draw([(digit,)], np.random.default_rng(0))[0].mean(axis=2)
    place = np.rint(20 + 7 * (np.arange(8) - 3.5) / 3.6).astype(int)  # where each of its 8 x 8 pixels comes to lie
    drawn, written = picture[np.ix_(place, place)], scenes.handwritten()[0][sample]
    assert np.corrcoef(drawn.ravel(), written.ravel())[0, 1] > 0.9
    for other in (written[:, ::-1], written[::-1], written.T):
        assert np.corrcoef(drawn.ravel(), other.ravel())[0, 1] < 0.8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [(9.0, 9.0), (20.3, 30.6), (0.0, 39.0)])
def test_a_thing_is_drawn_where_it_is_in_its_colour(kind, place):
    sample = int(scenes.samples(kind, "train")[0]) if kind in NUMERALS else 0
    thing = Thing(kind, "yellow", "large", *place, sample=sample)
    with_it, without = (draw([scene], np.random.default_rng(1))[0] for scene in ((thing,), ()))
    assert_same(without, draw([()], np.random.default_rng(1))[0], 0)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    near = np.hypot(columns - thing.x, rows - thing.y) < RADII["large"]
    yellow = (with_it[..., 0] > 0.6) & (with_it[..., 1] > 0.5) & (with_it[..., 2] < 0.6)
    assert yellow[near].any()
    assert not yellow[np.hypot(columns - thing.x, rows - thing.y) > 1.6 * RADII["large"]].any()


def test_a_thing_turns_clockwise():
    triangle = Thing("triangle", "white", "large", 20.0, 20.0, angle=90.0)
    picture = draw([(triangle,)], np.random.default_rng(0))[0].min(axis=2) > 0.6
    assert picture[:, 24:].sum() < picture[:, :20].sum()  # its tip points to the right, its base is on the left


def test_the_later_thing_is_on_top():
    on_top = draw([(SQUARE._replace(x=20, y=20), CIRCLE._replace(x=20, y=20))], np.random.default_rng(0))[0]
    assert on_top[20, 20, 1] > on_top[20, 20, 2]


def test_the_ground_is_a_slope_with_strokes_and_noise():
    grounds = draw([()] * 40, np.random.default_rng(0))
    noise = np.diff(grounds, axis=2) / np.sqrt(2)
    assert (
        0.03 < np.median(np.abs(noise)) / 0.6745 < 0.05
    )  # half of a normal distribution lies within 0.6745 deviations
    blocks = grounds.mean(axis=3).reshape(40, 10, 4, 10, 4).mean(axis=(2, 4)).reshape(40, 100)
    down, right = np.divmod(np.arange(100), 10)
    plane = np.stack([np.ones(100), down, right], axis=1)
    bumps = blocks.T - plane @ np.linalg.lstsq(plane, blocks.T, rcond=None)[0]
    assert np.mean(np.abs(bumps).max(axis=0) > 0.03) > 0.7  # noise alone comes to 0.02


def test_the_shade_of_a_colour_varies_from_thing_to_thing():
    square = Thing("square", "purple", "large", 20.0, 20.0)
    shades = draw([(square,)] * 60, np.random.default_rng(0))[:, 17:24, 17:24].mean(axis=(1, 2))
    assert np.abs(shades.mean(axis=0) - COLOURS["purple"]).max() < 0.02
    assert (shades.std(axis=0) > 0.035).all() and (shades.std(axis=0) < 0.065).all()


def test_each_picture_is_that_of_its_scene(monkeypatch):
    monkeypatch.setattr(scenes, "AT_ONCE", 4)
    drawn, pictures = scenes.draw_random(np.random.default_rng(0), 30)
    for scene, picture in zip(drawn, pictures, strict=True):
        for thing in scene:
            if thing.kind in ("circle", "square"):
                assert np.abs(picture[round(thing.y), round(thing.x)] - COLOURS[thing.colour]).max() < 0.3


def test_pictures_are_small_numbers_of_float32_and_repeat_themselves():
    pictures = draw(many(20), np.random.default_rng(3))
    assert pictures.dtype == np.float32 and pictures.shape == (20, SIZE, SIZE, 3)
    assert pictures.min() >= 0 and pictures.max() <= 1
    assert_same(pictures, draw(many(20), np.random.default_rng(3)), 0)


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (CIRCLE._replace(kind="star"), "kind is 'star'; expected one of circle, square"),
        (CIRCLE._replace(colour="pink"), "colour is 'pink'; expected one of red"),
        (CIRCLE._replace(size="huge"), "size is 'huge'; expected one of small, large"),
        (CIRCLE._replace(x=40.0), r"centre is \(40.0, 12.0\); expected both from 0 to 39"),
        (CIRCLE._replace(y=float("nan")), "centre is"),
        (CIRCLE._replace(kind="seven", sample=0), "sample 0 of a seven shows a zero"),
        (CIRCLE._replace(kind="seven", sample=5000), "sample is 5000; expected 0 to 1796"),
    ],
)
def test_a_thing_that_cannot_be_drawn_is_named(thing, message):
    with pytest.raises(ValueError, match=message):
        draw([(thing,)], np.random.default_rng(0))


def test_other_mistakes_are_named():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="scenes is empty"):
        draw([], rng)
    with pytest.raises(TypeError, match="a scene holds 'circle'; expected things: scenes is a list of tuples of Thing"):
        draw([CIRCLE], rng)
    with pytest.raises(ValueError, match="count is 0; expected at least 1"):
        scenes.draw_random(rng, 0)
    later = CIRCLE._replace(kind="star")
    with pytest.raises(ValueError, match="kind is 'star'"):
        draw([(CIRCLE,), (SQUARE, later)], rng)
    with pytest.raises(ValueError, match="part is 'dev'; expected one of train, choose, test"):
        random_scene(rng, "dev")
    with pytest.raises(ValueError, match="count is 7"):
        random_scene(rng, count=7)


def test_what_is_true_of_two_things():
    circle, square = "a small green circle", "a large blue square"
    assert set(captions.true_captions((CIRCLE, SQUARE))) == {
        f"{circle} left of {square}",
        f"{circle} above {square}",
        f"{square} right of {circle}",
        f"{square} below {circle}",
        f"{square} with {circle} on its left",
        f"{square} with {circle} above it",
        f"{circle} with {square} on its right",
        f"{circle} with {square} below it",
    }


def test_what_is_not_clear_is_not_true():
    beside = SQUARE._replace(x=CIRCLE.x + 4.9)
    assert captions.relations(CIRCLE, beside) == ["above"]
    assert captions.true_captions((CIRCLE, CIRCLE._replace(x=12.0))) == []
    assert captions.true_captions(()) == captions.true_captions((CIRCLE,)) == []


def test_every_scene_has_captions_of_known_words_that_are_not_too_long():
    for scene in many():
        true = captions.true_captions(scene)
        assert true and len(set(true)) == len(true)
        for caption in true:
            assert len(captions.vocabulary().encode(caption.split())) <= captions.LONGEST + 1


def test_equal_things_are_both_meant():
    twins = CIRCLE, CIRCLE._replace(x=30.0)
    assert "a small green circle left of a small green circle" in captions.true_captions(twins)


def test_a_batch_reads_what_it_is_to_say_one_word_earlier():
    scene, words = (CIRCLE, SQUARE), captions.vocabulary()
    true = captions.true_captions(scene)
    part = captions.Captioned(np.arange(3.0)[:, None], [true, true[:1], true[4:5]], words)
    seen, inputs, targets, mask = part.batch([1, 2], np.random.default_rng(0))
    assert_same(seen, np.array([[1.0], [2.0]]))
    assert [" ".join(words.decode(column)) for column in targets.T] == [true[0], true[4]]
    assert (inputs[0] == words.start).all() and (inputs[1:] == targets[:-1]).all()
    assert mask.sum(axis=0).tolist() == [len(true[0].split()) + 1, len(true[4].split()) + 1]
    drawn = {" ".join(words.decode(part.batch(0, np.random.default_rng(n))[2][:, 0])) for n in range(60)}
    assert drawn == set(true)


def test_captions_have_to_fit_their_pictures():
    words = Vocabulary([["a"]])
    with pytest.raises(ValueError, match="2 pictures and captions for 1"):
        captions.Captioned(np.zeros((2, 1)), [["a"]], words)
    with pytest.raises(ValueError, match="0 pictures and captions for 0; expected as many, at least one"):
        captions.Captioned(np.zeros((0, 1)), [], words)
    with pytest.raises(ValueError, match="empty list"):
        captions.Captioned(np.zeros((1, 1)), [[]], words)
    with pytest.raises(ValueError, match="a caption without a word"):
        captions.Captioned(np.zeros((1, 1)), [["a", " "]], words)
    with pytest.raises(ValueError, match="text holds 'dog'"):
        captions.Captioned(np.zeros((1, 1)), [["a a", "a dog"]], words)


def test_shapes_and_numerals_are_all_kinds():
    assert set(SHAPES).isdisjoint(NUMERALS) and len(KINDS) == 14
