"""A real PostgreSQL server in a temporary folder, and the searchers that work at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from importlib import util
from itertools import count
from pathlib import Path
from types import ModuleType

import psycopg
import pytest

PASSWORD = "s3cret+word"  # noqa: S105 -- of a server that lives as long as these tests
SETTINGS = {
    "fsync": "off",
    "shared_buffers": "16MB",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "fatal",
}


def programs() -> Path:
    """Folder of PostgreSQL's own programs, the newest if there are several."""
    found = shutil.which("initdb")
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if not found and not folders:
        pytest.fail("PostgreSQL is not installed: `make postgres` installs it, or says how")
    return Path(found).resolve().parent if found else folders[-1].parent


class Server:
    """A server with the user `dse` and databases of its own, for one run of the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # The server refuses to run as root; Debian's package brings a user for it.
        self._who = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        self._programs = programs()
        self._numbers = count()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        if self._who:
            shutil.chown(folder, **self._who)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run("initdb", "-U", "dse", "-A", "scram-sha-256", "--pwfile", secret, "--no-sync")
        lines = [f"{name} = '{value}'" for name, value in SETTINGS.items()]
        with (folder / "data" / "postgresql.conf").open("a") as stream:
            stream.write("\n".join([*lines, f"unix_socket_directories = '{folder}'", ""]))

    def _run(self, program: str, *args: object) -> None:
        command = [self._programs / program, "-D", self.folder / "data", *args]
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            **self._who,
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        log = self.folder / "log"
        self._run("pg_ctl", "start", "-w", "-l", log, "-o", f"-p {self.port}")

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-w", "-m", "immediate")

    def address(self, database: str = "postgres", password: str = PASSWORD) -> str:
        return f"postgresql://dse:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Address of an empty database."""
        name = f"test{next(self._numbers)}"
        with psycopg.connect(self.address(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.address(name)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    # Not below pytest's own folder, which the server's user may not enter.
    with tempfile.TemporaryDirectory(prefix="dse-postgres-") as folder:
        running = Server(Path(folder))
        running.start()
        yield running
        running.stop()


@pytest.fixture(scope="session")
def address(server: Server) -> str:
    """Address of a database that the tests share, each with a study of its own."""
    return server.new_database()


_NUMBERS = count(1000)


@pytest.fixture
def number() -> int:
    """A number that no other test has."""
    return next(_NUMBERS)


@pytest.fixture
def name(number: int) -> str:
    """Name of a study that no other test has."""
    return f"toy {number}"


@pytest.fixture(scope="session")
def child() -> ModuleType:
    spec = util.spec_from_file_location("child", Path(__file__).with_name("child.py"))
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def subject(child):
    """Space and silicon."""
    return child.toy_space()
