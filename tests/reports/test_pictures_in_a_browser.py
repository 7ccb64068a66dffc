"""Pictures as a browser shows them: its own fonts keep within the boxes, and no text lies over another."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from headend.reports.html import html
from reports.test_pictures import channels
from reports.test_timelines import CUT, booked
from reports.test_timelines import document as of_bookings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LOOK = """<script>
for (const part of document.querySelectorAll("details")) part.open = true;
const found = {texts: 0, over: [], outside: [], wide: document.documentElement.scrollWidth};
for (const svg of document.querySelectorAll("svg")) {
  const boxes = [...svg.querySelectorAll("text")].map((text) => [text, text.getBoundingClientRect()]);
  found.texts += boxes.length;
  boxes.forEach(([a, one], index) => boxes.slice(index + 1).forEach(([b, two]) => {
    if (one.left < two.right - 1 && two.left < one.right - 1 && one.top < two.bottom - 4 && two.top < one.bottom - 4)
      found.over.push([a.textContent, b.textContent]);
  }));
  for (const [text, box] of boxes) {
    const rect = text.parentElement.querySelector(":scope > rect:not(.was)");
    if (rect && box.right > rect.getBoundingClientRect().right + 1) found.outside.push(text.textContent);
  }
}
document.body.dataset.found = JSON.stringify(found);
</script></body>"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
@pytest.mark.parametrize(("width", "scheme", "count"), [(380, 0, 300), (1600, 1, 5)])
def test_every_text_can_be_read(tmp_path: Path, width: int, scheme: int, count: int) -> None:
    assert CHROMIUM is not None
    bookings = [booked(f"s{n}", f"out-{n}", n % 7 - 1, n % 7 + 1 + n % 3) for n in range(count)]
    actions = {"in1": "update", "out2": "delete", "show3": "replace"}
    document = channels(count, actions, homes=2, name="第一-{}") | {"at": "2026-12-05T12:00:00+00:00"}
    document["bookings"] = of_bookings(*bookings, cuts=[CUT])["bookings"]
    document["refusals"] = [{"guard": "protect", "why": "an_address_without_a_space" * 9}]
    page = tmp_path / "plan.html"
    page.write_text(html(document).replace("</body>", LOOK))
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    flags += [f"--window-size={width},1000", f"--blink-settings=preferredColorScheme={scheme}", "--dump-dom"]
    ran = subprocess.run([CHROMIUM, *flags, page.as_uri()], capture_output=True, text=True, timeout=60, check=True)
    told = re.search(r'data-found="([^"]*)"', ran.stdout)
    assert told is not None
    found = json.loads(unescape(told[1]))
    assert found["texts"] > 20
    assert (found["over"], found["outside"]) == ([], [])
    assert found["wide"] <= max(width, 500)  # Chromium's own least width
