"""One session of a PostgreSQL server: what it holds, the server frees when its process ends.

All that a worker does goes through one connection. Locks of the session and rows locked by its
open transaction are freed by the server as soon as the connection drops, as it does when a process
is killed; and a write of a worker that lost its locks fails, for its connection is gone. Nothing
connects anew behind its back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, func, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import StaticPool

from dse.errors import DatabaseError

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from psycopg import Connection as Raw
    from sqlalchemy import URL, Connection

__all__ = ["Session", "read_address", "shown_address"]

_DRIVER = "postgresql+psycopg"
_SCHEMES = ("postgresql", "postgres", _DRIVER)
# Either side notices within 60 s that the other's host is gone, and the server takes a slice back
# from a worker that was stopped in the middle of it for ten minutes.
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
    "options": _SESSION,
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
    return url.set(drivername=_DRIVER)


def shown_address(url: URL) -> str:
    """Write an address with the password masked.

    Examples
    --------
    >>> shown_address(read_address("postgresql://me:secret@db/dse?password=secret"))
    'postgresql://me:***@db/dse?password=***'
    """
    hidden = {name: "***" for name in url.query if "password" in name}
    masked = url.set(drivername="postgresql", query={**url.query, **hidden})
    return masked.render_as_string(hide_password=True).replace("%2A", "*")


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
        secrets = [url.password, *(url.query[name] for name in url.query if "password" in name)]
        self._secrets = [str(secret) for secret in secrets if secret]
        with self.report():
            self._raw = _connect(url)
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
    """Open the one connection, with the server told to notice soon when its client is gone."""
    import psycopg

    _, asked = url.get_dialect()().create_connect_args(url)
    return psycopg.connect(**(_CONNECT | dict(asked)))
