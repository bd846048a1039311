"""A small IMAP server (RFC 3501) on loopback: what reading a mailbox for returned mails takes, and strict about it."""

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class ImapServer:
    """A mailbox, and what is known of it."""

    mails: dict[int, bytes]
    password: str = "correct_horse"
    flags: dict[int, set[str]] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    port: int = 0

    def flags_of(self, uid: int) -> set[str]:
        """Return a mail's flags."""
        return self.flags.setdefault(uid, set())


class _Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: "_Server"

    def handle(self) -> None:
        """Answer until the client leaves."""
        self._say("* OK ready")
        while line := self.rfile.readline().decode().strip():
            tag, _, command = line.partition(" ")
            self.server.box.commands.append(re.sub(r"(LOGIN \S+) .*", r"\1", command))
            self._answer(tag, command)
            if command.upper() == "LOGOUT":
                return

    def _answer(self, tag: str, command: str) -> None:
        box, words = self.server.box, command.split()
        name = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
        if name == "LOGIN" and words[2].strip('"') != box.password:
            self._say(f"{tag} NO [AUTHENTICATIONFAILED] bad password")
            return
        if name == "CAPABILITY":
            self._say("* CAPABILITY IMAP4rev1")
        elif name == "SELECT":
            if words[1] != '"INBOX"':
                self._say(f"{tag} NO [NONEXISTENT] no such mailbox")
                return
            self._say(f"* {len(box.mails)} EXISTS")
        elif name == "UID SEARCH":
            unseen = [str(uid) for uid in sorted(box.mails) if r"\Seen" not in box.flags_of(uid)]
            self._say(" ".join(["* SEARCH", *unseen]))
        elif name == "UID FETCH":
            self._fetch(int(words[2]))
        elif name == "UID STORE":
            box.flags_of(int(words[2])).update(re.findall(r"\\\w+", command))
        self._say(f"{tag} OK done")

    def _fetch(self, uid: int) -> None:
        mail = self.server.box.mails[uid]
        self.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(mail)}}}\r\n".encode() + mail + b")\r\n")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, box: ImapServer, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.box = box
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves in the middle is no fault of the server's."""


@contextmanager
def serving(box: ImapServer, tls: ssl.SSLContext | None = None) -> Iterator[ImapServer]:
    """Serve the mailbox."""
    with _Server(box, tls) as server:
        box.port = int(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()
