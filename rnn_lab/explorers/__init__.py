"""The sliders: one module for each chapter, each with an `explorer` built on a pure `compute`."""
