"""Headless Chromium, where it is installed: the DOM of a page, and where a browser puts things."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",  # tests may run as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DARK = "--blink-settings=preferredColorScheme=0"

LISTEN = """<script>
const errors = [];
addEventListener("error", event => errors.push(event.message || event.target.outerHTML), true);
for (const level of ["error", "warn"]) console[level] = (...said) => errors.push(said.join(" "));
</script>"""
MEASURE = """<script>
addEventListener("load", () => {
  const seen = (() => { %s })();
  const loaded = performance.getEntriesByType("resource").map(entry => entry.name);
  const told = document.createElement("pre");
  told.id = "measured";
  told.textContent = JSON.stringify({...seen, loaded, errors});
  document.body.append(told);
});
</script>"""


def dom(page: Path, profile: Path, *flags: str) -> str:
    """The serialised DOM; skips the test if there is no browser."""
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        pytest.skip("Chromium is not installed: the pages are not seen in a browser")
    done = subprocess.run(
        [browser, *FLAGS, *flags, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def measured(page: str, directory: Path, script: str, *flags: str) -> dict[str, Any]:
    """What the body of a function in JavaScript returns of a page that a browser laid out.

    Beside it stand what the page `loaded` from elsewhere, and the `errors` on its console.
    """
    path = directory / "measured.html"
    listening = page.replace("<head>", f"<head>{LISTEN}", 1)
    path.write_text(listening.replace("</body>", f"{MEASURE % script}</body>", 1), encoding="utf-8")
    seen = dom(path, directory / "profile", *flags)
    found = re.search(r'<pre id="measured">(.*?)</pre>', seen, re.DOTALL)
    assert found is not None, seen
    result: dict[str, Any] = json.loads(html.unescape(found[1]))
    return result
