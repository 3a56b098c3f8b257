"""What the tests of the explorers share: controls by their names, and every setting of them."""

import ipywidgets
import numpy as np

SILLY_TEXTS = ("", " ", "x" * 5000, "Ünïcödé", "日本語 \N{SNOWMAN}", "İİİ", "$x^2$", "\\frac{", "a\tb\nc\0d", "%s {0}")


def settings_of(control):
    """Return values that cover a control: its ends and some between, every option, texts nobody would expect."""
    if isinstance(control, ipywidgets.Text):
        return SILLY_TEXTS
    if isinstance(control, ipywidgets.Dropdown | ipywidgets.SelectionSlider):
        return [value for _, value in control._options_full]
    kind = type(control.value)
    return [kind(value) for value in np.linspace(control.min, control.max, 5)]


class Controls:
    """A panel's controls by their descriptions."""

    def __init__(self, panel):
        self.live = panel.live
        self.by_name = {control.description: control for control in panel.children[0].children}

    def frames(self, name, values=None):
        """Set a control to each value, and yield what the browser then draws; put the control back at the end."""
        control = self.by_name[name]
        before = control.value
        for value in settings_of(control) if values is None else values:
            control.value = value
            assert not self.live.error, f"{name} = {value!r}: {self.live.error}"
            yield self.live.frame
        control.value = before

    def assert_every_setting_draws(self, moved_by=None):
        """Try every setting of every control: each draws another frame, none an error, a backdrop, or a trace.

        `moved_by` names the control that another one sets as it moves.
        """
        start = self.live.frame
        for name in self.by_name:
            moved = self.by_name.get((moved_by or {}).get(name))
            before = moved and moved.value
            frames = list(self.frames(name))
            if moved:
                assert start not in frames, f"who moves {name} is not shown it"
                moved.value = before
            else:
                assert len(set(frames)) == len(frames), f"two settings of {name} look alike"
            assert self.live.frame == start, f"{name} leaves a trace"
        assert self.live.backdrop_draws == 1

    def assert_ends_differ_in_pixels(self):
        """Compare the pictures at the two ends of every control."""
        for name, control in self.by_name.items():
            settings = settings_of(control)
            first, last = (self.live.png(dpi=50) for _ in self.frames(name, [settings[0], settings[-1]]))
            assert first != last, name
