"""A real mail server, OpenSMTPD, on loopback, in a mount namespace of its own: nothing of the machine is touched.

Its spool and its socket lie where they were compiled to lie, so both places are covered by empty file systems that only
it sees. What it delivers lands in Maildirs, one for each address.
"""

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

DEADLINE_SECONDS = 30

_CONFIG = """
smtp max-message-size "8M"
table everybody {{ "@" = "nobody" }}
table staff {{ "anna@strict.example" = "nobody" }}
listen on 127.0.0.1 port {plain} hostname mx.exempelkommun.example
action "returned" maildir "{folder}/boxes/returned" virtual <everybody>
action "strict" maildir "{folder}/boxes/%{{rcpt.user}}" virtual <staff>
action "elsewhere" relay host "smtp://127.0.0.1:{relay}"
action "store" maildir "{folder}/boxes/%{{rcpt.user}}" virtual <everybody>
match from any for domain "returns.example" action "returned"
match from any for domain "strict.example" action "strict"
match from any for domain "elsewhere.example" action "elsewhere"
match from any for any action "store"
"""

_START = """
mount -t tmpfs -o mode=755 none /var/spool && mkdir -m 711 /var/spool/smtpd &&
mount -t tmpfs -o mode=755 none /run && exec smtpd -d -f "$1"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mta:
    """A running server."""

    folder: Path
    plain: int  # the port without TLS
    relay: int  # where it passes on what is for elsewhere.example

    @property
    def authority(self) -> Path:
        """The certificate of whoever vouches for the server."""
        return self.folder / "authority.pem"

    def tls(self) -> ssl.SSLContext:
        """Return a server's side of TLS, vouched for by the authority."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        return context

    def came(self, user: str, number: int) -> list[EmailMessage]:
        """Wait until a mailbox holds so many mails, and return them, oldest first, as a mail program reads them."""
        box = self.folder / "boxes" / user / "new"
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not box.is_dir() or sum(1 for _ in box.iterdir()) < number:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{user} has fewer than {number} mails\n{self.log()[-2000:]}")
            time.sleep(0.02)
        files = sorted(box.iterdir(), key=lambda file: file.stat().st_mtime_ns)
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    def log(self) -> str:
        """Return what the server said."""
        return (self.folder / "log").read_text("utf-8", "replace")


def missing() -> str | None:
    """Return why there can be no mail server here, or None."""
    if os.geteuid() != 0:
        return "needs root: the mail server delivers as another user"
    wanted = {"smtpd": "opensmtpd", "unshare": "util-linux", "openssl": "openssl"}
    lacking = [package for command, package in wanted.items() if shutil.which(command) is None]
    return f"needs {', '.join(lacking)} (Debian packages)" if lacking else None


@contextmanager
def running() -> Iterator[Mta]:
    """Start a server, and end it with everything it started."""
    # Not pytest's own folder: the server's delivery user must get there.
    folder = Path(tempfile.mkdtemp(prefix="watchdaemon-mta."))
    try:
        plain, relay = _free_ports(2)
        mta = Mta(folder=folder, plain=plain, relay=relay)
        _prepare(mta)
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "sh", "-c", _START, "sh", str(folder / "smtpd.conf")], stdout=log, stderr=log
            )
        try:
            _wait_for(mta, process)
            yield mta
        finally:
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(mta: Mta) -> None:
    mta.folder.chmod(0o711)
    (mta.folder / "boxes").mkdir()
    shutil.chown(mta.folder / "boxes", "nobody")
    config = _CONFIG.format(folder=mta.folder, plain=mta.plain, relay=mta.relay)
    (mta.folder / "smtpd.conf").write_text(config)
    (mta.folder / "smtpd.conf").chmod(0o600)
    _certify(mta.folder)


def _certify(folder: Path) -> None:
    """Make an authority, and a certificate of its for 127.0.0.1."""
    new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    by_authority = ("-CA", "authority.pem", "-CAkey", "authority.key", "-addext", "basicConstraints=critical,CA:FALSE")
    files = ("-keyout", "server.key", "-out", "server.pem")
    steps = (
        (*new, "-subj", "/CN=Exempelkommun test authority", "-keyout", "authority.key", "-out", "authority.pem"),
        (*new, *by_authority, "-subj", "/CN=mx", "-addext", "subjectAltName=IP:127.0.0.1", *files),
    )
    for step in steps:
        subprocess.run(step, cwd=folder, check=True, capture_output=True, timeout=30)


def _free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [int(s.getsockname()[1]) for s in sockets]
    for s in sockets:
        s.close()
    return ports


def _wait_for(mta: Mta, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", mta.plain), timeout=5).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the mail server did not start:\n{mta.log()}") from None
            time.sleep(0.02)
        else:
            return
