"""One session of a PostgreSQL server: what it holds, the server frees when its process ends.

All that a worker does goes through one connection. Locks of the session and rows locked by its
open transaction are freed by the server as soon as the connection drops, as it does when a process
is killed; and a write of a worker that lost its locks fails, for its connection is gone. Nothing
connects anew behind its back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sqlalchemy import create_engine, func, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import StaticPool

from dse.errors import DatabaseError, printable

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from psycopg import Connection as Raw
    from sqlalchemy import URL, Connection

__all__ = ["Session", "is_masked", "read_address", "shown_address"]

_DRIVER = "postgresql+psycopg"
_SCHEMES = ("postgresql", "postgres", _DRIVER)
_MASK = "***"
# What ends the part of an address before the path.
_UNESCAPED = frozenset("/?")
# Parts of an address after its "?" that may be shown; all others might be secret.
_SHOWN = (
    *("host", "hostaddr", "port", "user", "service", "options", "application_name"),
    *("connect_timeout", "keepalives", "tcp_user_timeout", "target_session_attrs"),
    *("keepalives_idle", "keepalives_interval", "keepalives_count"),
    *("sslmode", "sslcert", "sslcrl", "sslrootcert", "gssencmode", "krbsrvname"),
    "channel_binding",
)
# Either side notices within 60 s that the other's host is gone. Transactions are short: one that
# is left open for ten minutes is of a worker that was stopped.
_SESSION = (
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
    " -c idle_in_transaction_session_timeout=600000"
)
_CONNECT: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "application_name": "dse",
}

_ATTENDANCE = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = :kind"
    " AND objid = :number AND database = (SELECT oid FROM pg_database"
    " WHERE datname = current_database())"
)


def read_address(address: str) -> URL:
    """Read the address of a database.

    Parameters
    ----------
    address : str
        ``postgresql://[user[:password]@]host[:port]/database``; libpq's environment, such as
        ``PGPASSWORD``, and its password file fill in what is left out.

    Raises
    ------
    ValueError
        If it is no address, or not of PostgreSQL; the message never shows a password.

    Examples
    --------
    >>> read_address("postgresql://me@db/dse").host
    'db'
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise ValueError(
            "must be an address such as postgresql://user@host/database, which this is not"
        ) from None
    if url.drivername not in _SCHEMES:
        raise ValueError(
            "must be a PostgreSQL address, postgresql://user@host/database: several searchers at "
            f'one study need its locks, which "{url.drivername}" has not'
        )
    # Else a part of a password would be taken for the host or the database, and be shown.
    before, *after = address.partition("://")[2].split("@")
    if len(after) > 1 or (after and not _UNESCAPED.isdisjoint(before)):
        raise ValueError(
            'must have one "@", before the host: in a user or a password write %40 for "@", %2F '
            'for "/" and %3F for "?"'
        )
    if printable(unquote(address)) != unquote(address):
        raise ValueError("must hold no control characters")
    return url.set(drivername=_DRIVER)


def shown_address(url: URL) -> str:
    """Write an address with the password, and what else might be secret, masked.

    Examples
    --------
    >>> shown_address(read_address("postgresql://me:secret@db/dse?PassWord=secret&port=5"))
    'postgresql://me:***@db/dse?PassWord=***&port=5'
    """
    hidden = {name: _MASK for name in url.query if name not in _SHOWN}
    masked = url.set(drivername="postgresql", query={**url.query, **hidden})
    return masked.render_as_string(hide_password=True).replace("%2A", "*")


def is_masked(address: str) -> bool:
    """Whether an address is one that `shown_address` wrote without something secret."""
    return _MASK in _secrets(read_address(address))


def _secrets(url: URL) -> list[str]:
    """What of an address is never shown."""
    values = [url.normalized_query[name] for name in url.query if name not in _SHOWN]
    return [value for value in (url.password, *chain(*values)) if value]


class Session:
    """An open connection, used by one thread.

    Parameters
    ----------
    address : str
        See `read_address`.

    Attributes
    ----------
    shown : str
        The address without its password, for messages.

    Raises
    ------
    DatabaseError
        If the driver is not installed, the server is out of reach, or it refuses the user.
    """

    def __init__(self, address: str) -> None:
        url = read_address(address)
        self.shown = shown_address(url)
        self._secrets = _secrets(url)
        with self.report():
            self._raw = _connect(url)
            _outlive_silence(self._raw)
        # Optuna must not find the password in the address of its engine either.
        self._how: dict[str, Any] = {"creator": lambda: self._raw, "poolclass": StaticPool}
        self._engine = create_engine(f"{_DRIVER}://", **self._how)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the session, and with it whatever it holds."""
        with suppress(Exception):  # the server may be gone, and the session with it
            self._raw.close()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a transaction that is committed when the block ends well."""
        with self.report(), self._engine.begin() as connection:
            yield connection

    def make_storage(self) -> RDBStorage:
        """Make Optuna's storage on this very connection, and its tables where they are missing."""
        from optuna.storages import RDBStorage

        with self.report():
            return RDBStorage(f"{_DRIVER}://", engine_kwargs=dict(self._how))

    def listen(self, channel: str) -> None:
        """Have `wait` return at the news of a channel."""
        with self.begin() as connection:
            connection.exec_driver_sql(f'LISTEN "{channel}"')

    def wait(self, seconds: float) -> None:
        """Wait for news of the channels listened to, at most so long."""
        with self.report():
            for _ in self._raw.notifies(timeout=seconds, stop_after=1):
                pass

    def try_lock(self, kind: int, number: int) -> bool:
        """Try to take a lock that this session keeps until it ends."""
        with self.begin() as connection:
            return bool(connection.scalar(select(func.pg_try_advisory_lock(kind, number))))

    def attend(self, kind: int, number: int) -> None:
        """Take a lock that any number of sessions may share, until this one ends."""
        with self.begin() as connection:
            connection.execute(select(func.pg_advisory_lock_shared(kind, number)))

    def attendance(self, kind: int, number: int) -> int:
        """Count the sessions that attend."""
        with self.begin() as connection:
            held = {"kind": kind, "number": number}
            return int(connection.execute(_ATTENDANCE, held).scalar_one())

    @contextmanager
    def locked(self, kind: int, number: int) -> Iterator[None]:
        """Wait for a lock, and give it back when the block ends; an error ends the session."""
        with self.begin() as connection:
            connection.execute(select(func.pg_advisory_lock(kind, number)))
        yield
        with self.begin() as connection:
            connection.execute(select(func.pg_advisory_unlock(kind, number)))

    @contextmanager
    def report(self) -> Iterator[None]:
        """Turn what the driver, SQLAlchemy or Optuna say of the database into one line."""
        from optuna.exceptions import StorageInternalError

        try:
            import psycopg
        except ImportError:
            raise DatabaseError(
                "PostgreSQL needs the package psycopg, which is not installed:"
                ' pip install "dse[cluster]"'
            ) from None
        try:
            yield
        except (DBAPIError, StorageInternalError, psycopg.Error) as error:
            raise DatabaseError(f"{self.shown}: {self._reason(error)}") from error

    def _reason(self, error: BaseException) -> str:
        """First line of the driver's own message, without any password."""
        cause: BaseException | None = error
        while cause is not None:
            error, cause = cause, getattr(cause, "orig", None) or cause.__cause__
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = lines[0] if lines else type(error).__name__
        for secret in self._secrets:
            reason = reason.replace(secret, "***")
        return reason


def _connect(url: URL) -> Raw[Any]:
    """Open the one connection, with the server told to notice soon when its client is gone.

    Settings of the session that the user gives stand beside ours, which come last and hold.
    """
    import psycopg
    from psycopg.conninfo import make_conninfo

    _, asked = url.get_dialect()().create_connect_args(url)
    given = asked.pop("options", None) or os.environ.get("PGOPTIONS", "")
    # By way of a text, for the driver's own keywords are not the user's to give.
    how = make_conninfo(**{**_CONNECT, **asked, "options": f"{given} {_SESSION}"})
    return psycopg.connect(how)


def _outlive_silence(raw: Raw[Any]) -> None:
    """Keep a server that ends idle sessions from ending this one, which evaluates meanwhile."""
    raw.execute(
        "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'"
    )
    raw.commit()
