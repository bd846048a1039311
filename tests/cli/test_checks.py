"""Is everything in order?"""

import json
import socket
import threading
from pathlib import Path

import pytest
from tests.cli.conftest import Run


def test_a_configuration_in_order_is_said_so(run: Run, config: Path) -> None:
    result = run("check-config", "-c", config)

    assert (result.exit_code, result.stdout) == (0, f"{config}: in order\n")


def test_every_fault_is_named_with_its_line(run: Run, config: Path) -> None:
    config.write_text(config.read_text() + '[watch]\nwindows = ["08:00-12:00"]\nthread = 4\n')
    result = run("check-config", "-c", config)

    assert result.exit_code == 2
    assert f"{config}:11: watch.windows: must name at least two windows" in result.stderr
    assert f"{config}:12: watch.thread: unknown key (did you mean 'threads'?)" in result.stderr


def test_the_adapters_check_their_own_tables(run: Run, config: Path) -> None:
    config.write_text(config.read_text() + '[platforms.x]\nbase_url = "ftp://x"\nnothing = 1\n[platforms.facebok]\n')
    result = run("check-config", "-c", config)

    assert result.exit_code == 2
    assert f"{config}:11: platforms.x.base_url" in result.stderr
    assert f"{config}:12: platforms.x.nothing" in result.stderr
    assert "platforms.facebok: there is no adapter of this name (did you mean 'facebook'?)" in result.stderr


def test_a_missing_configuration_says_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchdaemon.settings._load._USUAL_PLACE", Path("/nonexistent/watchdaemon.toml"))
    result = run("check-config")

    assert result.exit_code == 2
    assert "name one with -c FILE or WATCHDAEMON_CONFIG" in result.stderr


def test_the_configuration_may_stand_before_the_command_or_in_the_environment(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run("-c", config, "check-config")
    monkeypatch.setenv("WATCHDAEMON_CONFIG", str(config))

    assert before.exit_code == 0
    assert run("check-config").exit_code == 0


def test_the_doctor_names_what_is_at_fault(run: Run, lived: Path) -> None:
    (lived.parent / "credentials" / "facebook-biblioteket").write_text("t")
    result = run("doctor", "--offline", "--json", "-c", lived)
    found = {f["what"]: f["state"] for f in json.loads(result.stdout)}

    assert result.exit_code == 1
    assert found["configuration"] == found["database"] == found["credential facebook-biblioteket"] == "ok"
    assert found["credential x-kommunen"] == found["mail server"] == "FAULT"


def test_the_doctor_greets_the_mail_server(run: Run, config: Path) -> None:
    heard: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb", buffering=0) as line:
            line.write(b"220 mail\r\n")
            while command := line.readline():
                heard.append(command.split()[0].upper())
                line.write(b"221 bye\r\n" if heard[-1] == b"QUIT" else b"250 ok\r\n")
                if heard[-1] == b"QUIT":
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        config.write_text(config.read_text().replace("port = 9", f'host = "127.0.0.1"\nport = {port}'))
        result = run("doctor", "--offline", "--json", "-c", config)
        thread.join(timeout=10)
    found = {f["what"]: f["state"] for f in json.loads(result.stdout)}

    assert found["mail server"] == "ok"
    assert heard == [b"EHLO", b"QUIT"]
    assert found["accounts"] == "warning"


def test_a_database_that_is_not_there_is_a_fault_and_not_made(run: Run, config: Path) -> None:
    (config.parent / "w.sqlite3").unlink()
    result = run("items", "-c", config)

    assert result.exit_code == 1
    assert "watchdaemon db upgrade" in result.stderr
    assert not (config.parent / "w.sqlite3").exists()


def test_the_database_is_upgraded_once(run: Run, config: Path) -> None:
    (config.parent / "w.sqlite3").unlink()

    assert "from nothing to revision" in run("db", "upgrade", "-c", config).stdout
    assert "already" in run("db", "upgrade", "-c", config).stdout
