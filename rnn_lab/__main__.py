"""The course's command line: ``python -m rnn_lab lab`` and ``python -m rnn_lab fresh 02``."""

import argparse
import os
import sys
from pathlib import Path

from rnn_lab import course

# Without this setting JupyterLab asks every new learner whether to fetch news from the internet.
NO_NEWS = '{"fetchNews": "false", "checkForUpdates": false}\n'


def lab(work: Path, jupyter_options: list[str]) -> None:
    """Update the working copy and open it in JupyterLab, with settings that belong to the course alone."""
    for sentence in course.sync(work):
        print(sentence)
    private = work.resolve() / ".lab"
    news = private / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    if not news.exists():
        course.write_atomically(news, NO_NEWS.encode())
    os.environ |= {
        "JUPYTER_CONFIG_DIR": str(private / "config"),
        "JUPYTER_DATA_DIR": str(private / "data"),
        "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
        # First in the search for kernels: the Python kernel is this environment's, whatever else is installed.
        "JUPYTER_PATH": os.path.join(sys.prefix, "share", "jupyter"),
    }
    try:
        from jupyterlab.labapp import LabApp
    except ImportError as error:
        raise course.CourseError(
            f"JupyterLab cannot be imported ({error}). Install the course first: pip install -e . -c constraints.txt"
        ) from error
    options = [
        f"--ServerApp.root_dir={work.resolve()}",
        "--ServerApp.kernel_websocket_connection_class=rnn_lab.server.NoDelayConnection",
        "--KernelManager.transport_encryption=auto",
        "--ServerApp.answer_yes=True",
        "--Application.log_level=ERROR",
        f"--LabApp.user_settings_dir={private / 'settings'}",
        f"--LabApp.workspaces_dir={private / 'workspaces'}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if opening := course.chapters():
        options.append(f"--LabApp.default_url=/lab/tree/{opening[0].name}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        print("You are root, so JupyterLab is started with --allow-root.")
        options.append("--allow-root")
    print(f"Opening the course in your browser. Stop it with Ctrl-C; your work stays in {work}.", flush=True)
    LabApp.launch_instance(options + jupyter_options)


def main() -> None:
    """Read the command line and do what it says."""
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    common.add_argument("--work", type=Path, default=course.WORK, help="folder of the working copy (default: work)")
    parser = argparse.ArgumentParser(prog="python -m rnn_lab", description="A course on recurrent neural networks.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("lab", parents=[common], help="open the course in JupyterLab, to which further options go")
    chapter = commands.add_parser("fresh", parents=[common], help="put a pristine chapter beside your own")
    chapter.add_argument("chapter", nargs="?", default="", help="its number or name, such as 02")
    options, rest = parser.parse_known_args()
    try:
        if options.command == "lab":
            lab(options.work, rest)
        elif rest:
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        else:
            print(f"The pristine chapter is {course.fresh(options.chapter, options.work)}")
    except course.CourseError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
