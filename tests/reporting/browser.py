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


AXE = Path(__file__).with_name("axe.min.js")
"""axe-core 4.10.3, as npm has it; its licence is at its top."""
LOOK_WITH_AXE = """<script>
addEventListener("load", async () => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  const found = await axe.run(document, {resultTypes: ["violations"]});
  const told = document.createElement("pre");
  told.id = "measured";
  told.textContent = JSON.stringify({passes: found.passes.length, violations: found.violations.map(
    each => [each.id, each.nodes.slice(0, 5).map(node => node.html.slice(0, 200))])});
  document.body.append(told);
});
</script>"""
FRAME = """<!doctype html><html><head></head><body style="margin: 0">
<iframe style="border: 0; width: %dpx; height: %dpx" srcdoc="%s"></iframe></body></html>"""


def accessibility(page: str, directory: Path, *flags: str) -> dict[str, Any]:
    """What axe-core says of a page with everything on it opened: its violations, by their id."""
    looking = f"<script>{AXE.read_text(encoding='utf-8')}</script>{LOOK_WITH_AXE}"
    path = directory / "looked-at.html"
    path.write_text(page.replace("<head>", f"<head>{looking}", 1), encoding="utf-8")
    seen = dom(path, directory / "profile", "--virtual-time-budget=60000", *flags)
    return _measured_in(seen)


def framed(page: str, width: int, height: int = 900) -> str:
    """The page in a frame: a window of a headless browser is never narrower than 500 pixels."""
    return FRAME % (width, height, html.escape(page))


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
    return _measured_in(seen)


def _measured_in(seen: str) -> dict[str, Any]:
    found = re.search(r'<pre id="measured">(.*?)</pre>', seen, re.DOTALL)
    assert found is not None, seen
    result: dict[str, Any] = json.loads(html.unescape(found[1]))
    return result
