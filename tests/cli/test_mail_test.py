"""``mail test`` tells each step of a mail's way, and what to do where it ends. Costs three seconds."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from watchdaemon.mail.sink import SmtpSink


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    """A mail server."""
    with SmtpSink() as server:
        yield server


def at(config: Path, sink: SmtpSink, *lines: str) -> Path:
    """Point the configuration at the server."""
    text = config.read_text().replace("port = 9\n", "\n".join([f'host = "127.0.0.1"\nport = {sink.port}', *lines, ""]))
    config.write_text(text)
    return config


def test_each_step_is_told_and_the_mail_arrives_in_the_persons_language(run: Run, lived: Path, sink: SmtpSink) -> None:
    done = run("mail", "test", "--to", "anna", "--config", at(lived, sink))

    [taken] = sink.messages
    message = message_from_bytes(taken.message, policy=policy.default)
    body = message.get_body(("plain",))
    assert done.exit_code == 0
    assert done.output.splitlines()[:2] == [f"127.0.0.1:{sink.port} answers.", "The server took the mail."]
    assert "whether it arrived" in done.output
    assert message["Subject"] == "Provmejl från bevakningen"
    assert body is not None
    assert "Exempelkommun" in body.get_content()


def test_two_test_mails_are_two_mails_and_the_outbox_holds_none(run: Run, lived: Path, sink: SmtpSink) -> None:
    config = at(lived, sink)
    for _ in range(2):
        run("mail", "test", "--to", "anna", "--config", config)

    ids = {message_from_bytes(m.message, policy=policy.default)["Message-ID"] for m in sink.messages}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("refusal", "step"),
    [
        ("550 5.1.1 no such mailbox", "correct the person's address"),
        ("554 5.7.1 relay access denied", "Ask whoever runs the mail server"),
    ],
)
def test_a_refusal_is_told_with_the_next_step(run: Run, lived: Path, sink: SmtpSink, refusal: str, step: str) -> None:
    sink.refusals = dict.fromkeys((f"{n}@exempelkommun.example" for n in ("anna", "anna.lind")), refusal)
    sink.data_refusal = refusal

    done = run("mail", "test", "--to", "anna", "--config", at(lived, sink))

    assert done.exit_code == 1
    assert "answers." in done.output
    assert step in " ".join(done.output.split())


def test_a_server_that_is_not_there_is_told_with_the_next_step(run: Run, lived: Path, sink: SmtpSink) -> None:
    config = at(lived, sink)
    sink.stop()

    done = run("mail", "test", "--to", "anna", "--config", config)

    assert done.exit_code == 1
    assert "Check [mail] host, port and security" in " ".join(done.output.split())


@pytest.mark.parametrize(("there", "told"), [(True, "can be read"), (False, "Returned mails cannot be read")])
def test_the_mailbox_for_returned_mails_is_tried_and_left_as_it_is(
    run: Run, lived: Path, sink: SmtpSink, there: bool, told: str
) -> None:
    if there:
        (lived.parent / "returned" / "new").mkdir(parents=True)
        (lived.parent / "returned" / "new" / "1.a").write_bytes(b"Subject: hej\n\nhej\n")

    done = run("mail", "test", "--to", "anna", "--config", at(lived, sink, 'bounces = "returned"'))

    assert told in " ".join(done.output.split())
    assert done.exit_code == (0 if there else 1)
    assert (lived.parent / "returned" / "new" / "1.a").exists() is there


def test_nobody_of_that_name_is_told(run: Run, lived: Path, sink: SmtpSink) -> None:
    done = run("mail", "test", "--to", "nobody", "--config", at(lived, sink))

    assert done.exit_code != 0
    assert sink.messages == []
