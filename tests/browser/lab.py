"""The lab as ``make lab`` starts it, for tests and benchmarks that drive it from a browser."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS_TO_START = 60
CURRENT_PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"


@dataclass(frozen=True)
class Lab:
    """A running lab: its address, its token, the learner's folder that it shows, and its log."""

    url: str
    token: str
    work: Path
    log: Path

    def address(self, notebook: str) -> str:
        """Return the address that opens a notebook in an empty workspace."""
        return f"{self.url}/lab/tree/{notebook}?token={self.token}&reset"

    def request(self, path: str, method: str = "GET") -> bytes:
        """Return the server's answer to a request."""
        headers = {"Authorization": f"token {self.token}"}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, method=method, headers=headers)) as answer:
            return answer.read()


@contextlib.contextmanager
def running_lab(work: Path) -> Iterator[Lab]:
    """Start the lab on a working copy of its own, and stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lab = Lab(f"http://127.0.0.1:{port}", secrets.token_hex(16), work, work / "lab.log")
    work.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "rnn_lab", "lab", "--work", str(work)),
        *("--no-browser", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={lab.token}", "--LabApp.expose_app_in_browser=True"),
    ]
    environment = os.environ | {"IPYTHONDIR": str(work / ".lab" / "ipython")}
    with open(lab.log, "wb") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process:
        try:
            _wait_until_it_answers(lab, process)
            yield lab
            lab.request("/api/shutdown", method="POST")
        except BaseException:
            process.terminate()
            raise


def _wait_until_it_answers(lab: Lab, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            lab.request("/api/status")
            return
        time.sleep(0.1)
    raise RuntimeError(f"The lab did not start:\n{lab.log.read_text()}")


def open_notebook(page: Any, lab: Lab, notebook: str) -> None:
    """Open a notebook and wait until its kernel is idle."""
    page.goto(lab.address(notebook), wait_until="domcontentloaded")
    page.wait_for_selector(f"{CURRENT_PANEL} .jp-Cell", timeout=60_000)
    page.wait_for_function(
        """name => {
            const panel = window.jupyterapp?.shell?.currentWidget;
            const session = panel?.sessionContext;
            return panel?.context?.path === name && session?.isReady && session.session?.kernel?.status === 'idle';
        }""",
        arg=notebook,
        timeout=60_000,
    )


def run_all(page: Any) -> list[str]:
    """Run every cell of the open notebook and return its error outputs."""
    return page.evaluate(
        """async () => {
            const app = window.jupyterapp, panel = app.shell.currentWidget;
            await app.commands.execute('notebook:run-all-cells');
            await panel.sessionContext.session.kernel.requestKernelInfo();  // answered after every cell before it
            const errors = [];
            for (const cell of panel.content.model.cells) {
                if (cell.type !== 'code') continue;
                for (let i = 0; i < cell.outputs.length; i++) {
                    const output = cell.outputs.get(i).toJSON();
                    if (output.output_type === 'error') errors.push(`${output.ename}: ${output.evalue}`);
                }
            }
            return errors;
        }"""
    )


def save(page: Any) -> None:
    """Save the open notebook."""
    page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
