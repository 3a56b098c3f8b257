"""The chapters as a learner meets them: all cells run, every slider moves the picture, a wrong answer is diagnosed."""

import pytest
from browser.chromium import chromium_page
from browser.lab import CURRENT_PANEL, open_notebook, run_all, running_lab

from rnn_lab import course

pytestmark = pytest.mark.browser

CHAPTERS = [path.name for path in course.chapters()]
# Scrolls a cell into view (the lab draws only what is near) and waits until it stands still.
SHOW_CELL = """async index => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    await notebook.scrollToItem(index, 'start');
    const node = notebook.widgets[index].node;
    for (let top = NaN; top !== node.getBoundingClientRect().top; await new Promise(go => setTimeout(go, 150)))
        top = node.getBoundingClientRect().top;
}"""
CELLS_WITH = """text => window.jupyterapp.shell.currentWidget.content.widgets
    .map((cell, index) => [cell.model.type === 'code' && cell.model.sharedModel.getSource().includes(text), index])
    .filter(([found]) => found).map(([, index]) => index)"""
PICTURE = "canvas => canvas.toDataURL()"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("work")) as lab:
        yield lab


@pytest.fixture(scope="module", params=CHAPTERS)
def chapter(request, lab):
    """A page on which every cell of a chapter has run; it must end without an error in page or output."""
    errors = []
    with chromium_page(viewport={"width": 1280, "height": 1000}) as page:
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        open_notebook(page, lab, request.param)
        assert run_all(page) == []
        yield page
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    assert errors == []


def output_of(page, index):
    page.evaluate(SHOW_CELL, index)
    return page.locator(f"{CURRENT_PANEL} .jp-Cell[data-windowed-list-index='{index}'] .jp-Cell-outputWrapper")


def test_every_slider_moves_the_picture(chapter):
    explorers = [*chapter.evaluate(CELLS_WITH, "explorers."), *chapter.evaluate(CELLS_WITH, "first_slider()")]
    moved = []
    for index in explorers:
        output = output_of(chapter, index)
        for slider in output.locator(".widget-slider").all():
            canvas = output.locator("canvas.rnn-lab-live")
            canvas.wait_for()
            before = canvas.evaluate(PICTURE)
            slider.locator(".noUi-handle").focus()
            chapter.keyboard.press("ArrowRight")
            name = slider.inner_text().split("\n")[0]
            for _ in range(100):
                if canvas.evaluate(PICTURE) != before:
                    moved.append(name)
                    break
                chapter.wait_for_timeout(50)
            else:
                pytest.fail(f"the slider {name!r} does not change the picture")
        assert output.locator("[role=alert]").all_inner_texts() in ([], [""])
    assert moved


@pytest.mark.parametrize(
    ("chapter", "cell", "answer", "diagnosis"),
    [
        (
            "00_start_here.ipynb",
            "exercises.start.warm_up.check(double)",
            "def double(h):\n    return h**2\n\nexercises.start.warm_up.check(double)",
            "squares",
        ),
        (
            "01_cell.ipynb",
            "exercises.cell.backward.check(my_backward)",
            "def my_backward(x, h, dh_next, W, U, b):\n"
            "    dz = (1 - np.tanh(h) ** 2) * dh_next\n"
            "    return W.T @ dz, U.T @ dz, dz @ x.T, dz @ h.T, dz.sum(axis=1, keepdims=True)\n\n"
            "exercises.cell.backward.check(my_backward)",
            "slope at the previous state",
        ),
        (
            "02_bptt.ipynb",
            "exercises.bptt.clip.check(my_clip)",
            "def my_clip(grads, max_norm):\n"
            "    return {name: np.clip(grad, -max_norm, max_norm) for name, grad in grads.items()}\n\n"
            "exercises.bptt.clip.check(my_clip)",
            "each entry clipped",
        ),
        (
            "03_gates.ipynb",
            "exercises.gates.half_life.check(my_half_life)",
            "def my_half_life(bias):\n    return 1 / (1 - sigmoid(bias))\n\n"
            "exercises.gates.half_life.check(my_half_life)",
            "time constant",
        ),
        (
            "04_nlp_language_model.ipynb",
            "exercises.language_model.nucleus.check(my_nucleus)",
            "def my_nucleus(p, share):\n"
            "    order = np.argsort(-p)\n"
            "    kept = np.zeros_like(p)\n"
            "    inside = order[np.cumsum(p[order]) - p[order] < share]\n"
            "    kept[inside] = p[inside]\n"
            "    return kept\n\n"
            "exercises.language_model.nucleus.check(my_nucleus)",
            "not renormalised",
        ),
        (
            "05_nlp_sentiment.ipynb",
            "exercises.sentiment.masked_mean.check(my_masked_mean)",
            "def my_masked_mean(h, lengths):\n    return h.sum(axis=0) / lengths[:, None]\n\n"
            "exercises.sentiment.masked_mean.check(my_masked_mean)",
            "padding summed",
        ),
        (
            "06_nlp_translation.ipynb",
            "exercises.translation.decoder_inputs.check(my_decoder_inputs)",
            "def my_decoder_inputs(targets, start):\n    return np.roll(targets, 1, axis=0)\n\n"
            "exercises.translation.decoder_inputs.check(my_decoder_inputs)",
            "last token put first",
        ),
        (
            "07_speech.ipynb",
            "exercises.speech.collapse.check(my_collapse)",
            "def my_collapse(path):\n"
            "    text = path[path != 0]\n"
            "    before = np.concatenate([[0], text[:-1]])\n"
            "    return text[text != before]\n\n"
            "exercises.speech.collapse.check(my_collapse)",
            "blanks dropped first",
        ),
        (
            "08_time_series.ipynb",
            "exercises.time_series.scaled.check(my_scaled)",
            "def my_scaled(values, known):\n"
            "    return (values - values.mean(axis=0)) / values.std(axis=0)\n\n"
            "exercises.time_series.scaled.check(my_scaled)",
            "scaler on everything",
        ),
        (
            "09_captioning.ipynb",
            "exercises.captioning.pooling_backward.check(my_pooling_backward)",
            "def my_pooling_backward(dy, x):\n"
            "    return np.repeat(np.repeat(dy / 4, 2, axis=0), 2, axis=1)\n\n"
            "exercises.captioning.pooling_backward.check(my_pooling_backward)",
            "gradient shared out",
        ),
    ],
    indirect=["chapter"],
    scope="module",
    ids=lambda value: value if value in CHAPTERS else "",
)
def test_a_wrong_answer_is_met_with_its_name(chapter, cell, answer, diagnosis):
    (index,) = chapter.evaluate(CELLS_WITH, cell)
    output = output_of(chapter, index)
    assert "Not attempted" in output.inner_text()

    chapter.locator(f"{CURRENT_PANEL} .jp-Cell[data-windowed-list-index='{index}'] .cm-content").click()
    chapter.keyboard.press("Control+a")
    chapter.keyboard.insert_text(answer)
    chapter.keyboard.press("Control+Enter")

    output.get_by_text(f"Not right yet: {diagnosis}.").wait_for()


def test_the_saved_pictures_have_words(chapter):
    described = chapter.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets.flatMap(cell =>
            cell.model.type === 'code' ? cell.model.sharedModel.outputs.filter(output => output.data?.['image/png'])
                .map(output => output.metadata?.['image/png']?.alt ?? '') : [])"""
    )
    assert described
    assert all(len(words) > 30 for words in described)
