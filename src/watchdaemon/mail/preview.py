"""Writes a rendered mail as files a person can open: the message itself, and its two parts on their own."""

import re
from email import message_from_bytes, policy
from pathlib import Path

from watchdaemon.domain.delivery import OutgoingMail


def write_preview(mail: OutgoingMail, out: Path) -> list[Path]:
    """Write ``<key>.eml``, ``.txt``, ``.html`` and what is attached into `out`, made when missing; return them."""
    out.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", str(mail.key)).strip("-.") or "mail"
    written = [out / f"{stem}.eml"]
    written[0].write_bytes(mail.message)
    for subtype, ending in (("plain", "txt"), ("html", "html")):
        path = out / f"{stem}.{ending}"
        path.write_text(part(mail, subtype), encoding="utf-8")
        written.append(path)
    message = message_from_bytes(mail.message, policy=policy.SMTP)
    for attached in message.iter_attachments():
        content = attached.get_payload(decode=True)
        path = out / f"{stem}-{re.sub(r'[^A-Za-z0-9._-]+', '-', attached.get_filename() or 'file').strip('-.')}"
        path.write_bytes(content if isinstance(content, bytes) else b"")
        written.append(path)
    return written


def part(mail: OutgoingMail, subtype: str) -> str:
    """Return the text of a mail's ``plain`` or ``html`` part."""
    message = message_from_bytes(mail.message, policy=policy.SMTP)
    body = message.get_body((subtype,))
    return "" if body is None else str(body.get_content()).replace("\r\n", "\n")
