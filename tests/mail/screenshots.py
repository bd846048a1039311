"""Takes the pictures of the mails that docs/mail/ shows. By hand: ``python -m tests.mail.screenshots docs/mail``.

Every mail in both languages, light and dark, wide and on a phone. Needs Debian's chromium. It is no test: whether a
mail is beautiful is for a person to say.
"""

import base64
import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Page, sync_playwright
from tests.mail.samples import (
    ANNA,
    BENGT,
    CHRIS,
    full_digest,
    full_notice,
    full_overview,
    full_report,
    key,
    linking_renderer,
)

from watchdaemon.domain.account import Person
from watchdaemon.domain.delivery import MailKind, OutgoingMail
from watchdaemon.mail.preview import part

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WIDTHS = {"wide": 760, "phone": 400}
SCHEMES = ("light", "dark")
TALLEST = 4_600  # what is below looks the same, and pictures in a repository should be small


TO_PALETTE = """async (picture) => {
  const image = new Image();
  image.src = "data:image/png;base64," + picture;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const data = canvas.getImageData(0, 0, image.width, image.height).data;
  const counts = new Map();
  const colour = (i) => (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
  for (let i = 0; i < data.length; i += 4) counts.set(colour(i), (counts.get(colour(i)) || 0) + 1);
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 96).map((entry) => entry[0]);
  const parts = (c) => [c >> 16, (c >> 8) & 255, c & 255];
  const nearest = new Map([...counts.keys()].map((c) => {
    const distances = palette.map((p) => parts(p).reduce((sum, v, n) => sum + (v - parts(c)[n]) ** 2, 0));
    return [c, distances.indexOf(Math.min(...distances))];
  }));
  let indices = "";
  for (let i = 0; i < data.length; i += 4) indices += String.fromCharCode(nearest.get(colour(i)));
  return [palette.flatMap(parts), btoa(indices)];
}"""
"""Runs in the browser, which can read a picture: the 96 commonest colours, and the nearest of them for each pixel."""


def mails() -> dict[str, OutgoingMail]:
    """Return every mail, by the name of its pictures."""
    swede: dict[str, Person] = {"digest": ANNA, "weekly": BENGT, "monthly": BENGT, "alert": ANNA}
    found: dict[str, OutgoingMail] = {}
    for language, of in (("sv", swede), ("en", dict.fromkeys(swede, CHRIS))):
        renders = linking_renderer()
        found |= {
            f"digest-{language}": renders.digest(full_digest(of["digest"]), key()),
            f"weekly-{language}": renders.weekly(full_report(of["weekly"]), key(MailKind.WEEKLY, period="2026-W47")),
            f"monthly-{language}": renders.monthly(
                full_overview(of["monthly"]), key(MailKind.MONTHLY, period="2026-11")
            ),
            f"alert-{language}": renders.alert(full_notice(of["alert"]), key(MailKind.ALERT)),
        }
    return found


def main(out: Path) -> None:
    """Write the pictures."""
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play, tempfile.TemporaryDirectory() as folder:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, mail in mails().items():
            source = Path(folder) / f"{name}.html"
            source.write_text(part(mail, "html"), encoding="utf-8")
            for picture, taken in _views(browser, source):
                (out / f"{name}-{picture}.png").write_bytes(taken)
        browser.close()


def _views(browser: Browser, source: Path) -> Iterator[tuple[str, bytes]]:
    for place, width in WIDTHS.items():
        for scheme in SCHEMES:
            page = browser.new_page(
                viewport={"width": width, "height": 600}, color_scheme="dark" if scheme == "dark" else "light"
            )
            page.goto(source.as_uri())
            height = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
            clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": height}
            yield f"{place}-{scheme}", _small(page, page.screenshot(full_page=True, clip=clip), width, height)
            page.close()


def _small(page: Page, picture: bytes, width: int, height: int) -> bytes:
    """Return a PNG as one with a palette: a third of the size, and nobody sees the difference."""
    palette, indices = page.evaluate(TO_PALETTE, base64.b64encode(picture).decode())
    pixels = base64.b64decode(indices)
    rows = b"".join(b"\0" + pixels[y * width : (y + 1) * width] for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"PLTE", bytes(palette)), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/mail"))
