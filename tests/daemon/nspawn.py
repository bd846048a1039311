"""Boots a real systemd as PID 1 in a container over an overlay of this machine's root, for the unit's tests.

Everything lives in a private mount namespace on a tmpfs: the machine itself is not changed, and nothing is left
behind. Needs root, systemd and systemd-nspawn. Run as a program it does the work inside the namespace: it reads
commands from standard input as JSON lines and answers each with a JSON line.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).parents[2]
INSTALLED = "/opt/watchdaemon"
_BOOT_SECONDS = 40


def missing() -> str | None:
    """Return why this machine cannot boot a container, or None."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("systemd-nspawn", "nsenter", "unshare", "systemctl"):
        if shutil.which(program) is None:
            return f"needs {program} (Debian: systemd-container)"
    if python() is None:
        return "needs a Python 3.11 outside /root and /home (Debian: python3)"
    return None


def python() -> str | None:
    """Return an interpreter of this version that ProtectHome does not hide."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [str(Path(sys.base_prefix) / "bin" / name), f"/usr/bin/{name}", f"/usr/local/bin/{name}"]
    return next((c for c in candidates if Path(c).exists() and not Path(c).resolve().is_relative_to("/root")), None)


class Machine:
    """A booted container; commands run inside it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command in the container and return what it printed."""
        code, output = self._ask(list(command))
        if check and code != 0:
            raise AssertionError(f"{' '.join(command)} ended with {code}: {output}")
        return output

    def wait_for(self, wanted: str, *command: str, seconds: float = 30) -> str:
        """Run the command until `wanted` is in its output; returns that output."""
        deadline = time.monotonic() + seconds
        while True:
            output = self.run(*command, check=False)
            if wanted in output:
                return output
            if time.monotonic() > deadline:
                raise AssertionError(f"no {wanted!r} from {' '.join(command)} in {seconds} s; last: {output}")
            time.sleep(0.1)

    def show(self, unit: str, name: str) -> str:
        """Return one property of a unit."""
        return self.run("systemctl", "show", unit, "-p", name, "--value").strip()

    def journal(self, unit: str) -> str:
        """Return the unit's journal with priorities, a JSON object a line."""
        return self.run("journalctl", "-u", unit, "-o", "json", "--no-pager")

    def _ask(self, command: list[str]) -> tuple[int, str]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(command) + "\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise AssertionError("the container ended")
        code, output = json.loads(line)
        return int(code), str(output)


@contextlib.contextmanager
def booted(files: dict[str, str]) -> Iterator[Machine]:
    """Boot a container that has the product under /opt/watchdaemon, and these files (path: text) besides."""
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, str(Path(__file__)), json.dumps(files)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            if "booted" not in first:
                raise AssertionError(f"the container did not boot: {first}{process.stdout.read()}")
            yield Machine(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)


# ---- inside the mount namespace ---------------------------------------------------------------------------------


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _install(root: Path, files: dict[str, str]) -> None:
    target = root / INSTALLED.lstrip("/")
    packages = target / "packages"
    skipped = shutil.ignore_patterns(
        "__pycache__", "mypy*", "ruff*", "playwright*", "pixeltable*", "hypothesis*", "*.html"
    )
    shutil.copytree(sysconfig.get_paths()["purelib"], packages, ignore=skipped, symlinks=True)
    for source in ("src/watchdaemon", "adapters/watchdaemon_adapters"):
        name = source.rsplit("/", 1)[1]
        if not (packages / name).exists():
            shutil.copytree(REPOSITORY / source, packages / name, ignore=skipped)
    program = target / ".venv" / "bin" / "watchdaemon"
    program.parent.mkdir(parents=True)
    program.write_text(
        f"#!{python()}\n"
        "import sys\n"
        f"sys.path[:0] = [{INSTALLED + '/packages'!r}]\n"
        "from watchdaemon.cli import main\n"
        "main()\n"
    )
    program.chmod(0o755)
    shutil.copy(REPOSITORY / "systemd" / "watchdaemon.service", root / "etc/systemd/system/watchdaemon.service")
    for path, text in files.items():
        file = root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o600)


def _overlay(base: Path) -> Path:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "none", str(base)], check=True)
    for name in ("upper", "work", "root"):
        (base / name).mkdir()
    root = base / "root"
    layers = f"lowerdir=/,upperdir={base}/upper,workdir={base}/work"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(root)], check=True)
    machine_id = subprocess.run(["systemd-id128", "new"], check=True, capture_output=True, text=True).stdout
    (root / "etc/machine-id").unlink(missing_ok=True)
    (root / "etc/machine-id").write_text(machine_id)
    # What this machine happens to have enabled must not start in the container.
    for unit in ("multi-user.target.wants", "sysinit.target.wants", "timers.target.wants"):
        shutil.rmtree(root / "etc/systemd/system" / unit, ignore_errors=True)
    return root


def _leader(nspawn: int) -> str:
    deadline = time.monotonic() + _BOOT_SECONDS
    while time.monotonic() < deadline:
        children = subprocess.run(
            ["pgrep", "-P", str(nspawn)], check=False, capture_output=True, text=True
        ).stdout.split()
        for child in children:
            comm = Path(f"/proc/{child}/comm")
            if comm.exists() and comm.read_text().strip() == "systemd":
                return child
        time.sleep(0.05)
    raise TimeoutError("systemd did not become PID 1")


def _cgroup() -> tuple[Path, Path]:
    unified = Path("/sys/fs/cgroup/unified")
    top = unified if unified.is_dir() else Path("/sys/fs/cgroup")
    own = top / f"watchdaemon-test-{os.getpid()}"
    own.mkdir(exist_ok=True)
    (own / "cgroup.procs").write_text(str(os.getpid()))
    return top, own


def _serve(leader: str, stdin: IO[str]) -> None:
    inside = ["nsenter", "-t", leader, "-m", "-u", "-i", "-p", "-n", "-C", "--"]
    deadline = time.monotonic() + _BOOT_SECONDS
    state = ""
    while state not in ("running", "degraded"):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the system is {state!r}")
        done = subprocess.run([*inside, "systemctl", "is-system-running"], check=False, capture_output=True, text=True)
        state = done.stdout.strip()
        time.sleep(0.1)
    _say("booted")
    for line in stdin:
        done = subprocess.run(
            [*inside, *json.loads(line)],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        _say([done.returncode, done.stdout])


def _main(files: dict[str, str]) -> None:
    base = Path(tempfile.mkdtemp(prefix="wd-boot-"))
    top, own = _cgroup()
    nspawn = None
    try:
        root = _overlay(base)
        _install(root, files)
        command = [
            "systemd-nspawn",
            "-q",
            "-D",
            str(root),
            f"--machine=wd{os.getpid()}",
            "--register=no",
            "--keep-unit",
            "--private-network",
            "--link-journal=no",
            "--console=pipe",
            "--boot",
        ]
        nspawn = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
        )
        _serve(_leader(nspawn.pid), sys.stdin)
    except Exception as error:
        _say(f"failed: {error!r}")
        raise
    finally:
        if nspawn is not None:
            nspawn.terminate()
            try:
                nspawn.wait(15)
            except subprocess.TimeoutExpired:
                nspawn.kill()
                nspawn.wait(5)
        (top / "cgroup.procs").write_text(str(os.getpid()))
        for folder in sorted(own.rglob("*"), reverse=True):
            if folder.is_dir():
                with contextlib.suppress(OSError):
                    folder.rmdir()
        with contextlib.suppress(OSError):
            own.rmdir()
        subprocess.run(["umount", "-l", str(base)], check=False)
        base.rmdir()


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
