"""What tests of pages share: a real browser, if there is one, and what they measure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
CONTRAST = """() => {
  const parts = text => text.match(/[\\d.]+/g).map(Number)
  const linear = c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4
  const light = ([r, g, b]) => .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255)
  const ground = one => { const c = parts(getComputedStyle(one).backgroundColor)
    return c.length == 3 || c[3] > 0 || !one.parentElement ? c : ground(one.parentElement) }
  return [...document.querySelectorAll('main :not(svg *)')]
    .filter(one => [...one.childNodes].some(node => node.nodeType == 3 && node.data.trim()) && one.checkVisibility())
    .map(one => { const [a, b] = [light(parts(getComputedStyle(one).color)), light(ground(one))].sort().reverse()
      return [(a + .05) / (b + .05), one.outerHTML.slice(0, 80)] })
    .sort((one, other) => one[0] - other[0])[0]
}"""
"""The lowest contrast of any text with what is behind it, and where that is."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("there is no Chromium on this machine; on Debian: apt-get install chromium")
    sandbox = [] if os.geteuid() else ["--no-sandbox"]  # it does not start as root otherwise
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield browser
        browser.close()


class Elements(HTMLParser):
    """The tags of a page with the names of their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "br":
            self.found.append((tag, tuple(name for name, _ in attrs)))
