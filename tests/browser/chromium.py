"""A headless Chromium for the tests and benchmarks that need a real browser."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

# Debian's, Ubuntu's and Google's names; elsewhere `python -m playwright install chromium` brings one of its own.
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",  # containers and root have no sandbox; only pages of this machine are opened
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextlib.contextmanager
def chromium_page(*flags: str, **context_options: Any) -> Iterator[Any]:
    """Yield a Playwright page in a fresh profile; `flags` go to Chromium, `context_options` to Playwright's context."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("Playwright is not installed (pip install -e .[test] -c constraints.txt)")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        own = playwright.chromium.executable_path
        executable = next(filter(None, map(shutil.which, NAMES)), own)
        if not Path(executable).exists():
            _missing("Chromium is not installed (Debian: apt install chromium; elsewhere: playwright install chromium)")
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=executable, headless=True, args=[*FLAGS, *flags], **context_options
        )
        try:
            yield context.pages[0]
        finally:
            context.close()


def _missing(reason: str) -> NoReturn:
    """Skip the test, or fail it where CI promises a browser."""
    if os.environ.get("CI"):
        pytest.fail(f"CI runs the browser tests, but {reason}")
    pytest.skip(reason)
