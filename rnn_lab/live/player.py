"""A live figure as a web page of its own."""

import base64
import gzip
import html
import json
from pathlib import Path

SCRIPTS = [Path(__file__).with_name(name) for name in ("live.js", "player.js")]


def player_page(layers: bytes, recording: bytes, picture: bytes, alt: str) -> str:
    """Write a page that plays a recording, with no kernel and no network.

    Parameters
    ----------
    layers, recording : bytes
        Messages.
    picture : bytes
        A PNG file, for browsers that run no scripts.
    alt : str

    Returns
    -------
    str
        HTML.
    """
    data = json.dumps([base64.b64encode(gzip.compress(message, mtime=0)).decode() for message in (layers, recording)])
    script = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    description = html.escape(alt)
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{description}</title></head>
<body style="font-family: sans-serif">
<main><img alt="{description}" src="data:image/png;base64,{base64.b64encode(picture).decode()}"></main>
<script type="module">
{script}
play(document.querySelector("main"), ...{data});
</script>
</body>
</html>
"""
