"""The connection: its faults in one line, without a password; its locks; its end."""

from __future__ import annotations

import sys
import warnings
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import DatabaseError
from dse.search.database import Session, is_masked, read_address, shown_address


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("sqlite:///study.db", 'which "sqlite" has not'),
        ("mysql://me:secret@db/x", 'which "mysql" has not'),
        ("secret", "must be an address such as postgresql://user@host/database"),
        ("postgresql://me:secret@db:port/x", "must be an address such as"),
        ("", "must be an address such as"),
    ],
)
def test_addresses_that_are_none(address, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_address(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_addresses_are_shown_without_passwords(scheme):
    url = read_address(f"{scheme}://me:a%40secret@db:5/x?sslmode=require&sslpassword=secret")
    assert shown_address(url) == "postgresql://me:***@db:5/x?sslmode=require&sslpassword=***"


def test_what_may_be_shown_is_listed_and_all_else_is_masked():
    names = ("PASSWORD", "passwd", "pwd", "Password", "sslpassword", "passfile", "token")
    query = "&".join(f"{name}=secret" for name in names)
    shown = shown_address(read_address(f"postgresql://me@db/x?{query}&sslmode=require"))
    assert "secret" not in shown
    assert "sslmode=require" in shown
    assert all(f"{name}=***" in shown for name in names)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:s3cr@secret@host/dse",
        "postgresql://me/x:secret@host/dse",
        "postgresql://host/x?password=secret@",
        "postgresql://me:secret@host/dse?password=a@secret",
        "postgresql://host:1/x?password=secret@secret",
    ],
)
def test_an_at_sign_must_be_escaped(address):
    with pytest.raises(ValueError, match='write %40 for "@"') as caught:
        read_address(address)
    assert "secret" not in str(caught.value)
    assert "host" not in str(caught.value).replace("the host", "")


@pytest.mark.parametrize("character", ["\n", "\0", "%00", "\x1b", "\udcff", "%0a"])
def test_no_control_characters(character):
    with pytest.raises(ValueError, match=r"control characters|must be an address"):
        read_address(f"postgresql://me:a{character}secret@host/x")


def test_an_address_that_was_masked_is_known():
    for address in ("postgresql://me:secret@db/x", "postgresql://me@db/x?passwd=secret"):
        assert is_masked(shown_address(read_address(address)))
        assert not is_masked(address)
    assert not is_masked("postgresql://me@db/x?sslmode=require")


MARK = "Zq7"
SPELLINGS = (
    "postgresql://me:{}@127.0.0.1:1/x",
    "postgres://:{}@127.0.0.1:1/x",
    "postgresql+psycopg://me:{}@127.0.0.1:1/x?sslmode=disable",
    "postgresql://me@127.0.0.1:1/x?password={}",
    "postgresql://me@127.0.0.1:1/x?PASSWORD={}",
    "postgresql://me@127.0.0.1:1/x?passwd={}&password={}",
    "postgresql://127.0.0.1:1/x?row_factory={}",
    "postgresql://127.0.0.1:1/x?password={}&password={}",
    "mysql://me:{}@127.0.0.1:1/x",
    "//me:{}@127.0.0.1/x",
    "me:{}@127.0.0.1/x",
)


@given(
    inner=st.text(max_size=9) | st.text("@/:?#&=%*'\\ \n\0", max_size=9),
    spelling=st.sampled_from(SPELLINGS),
    is_quoted=st.booleans(),
)
def test_no_message_holds_any_of_the_password(inner, spelling, is_quoted):
    password = f"{MARK}{inner}{MARK}"
    address = spelling.replace("{}", quote(password, safe="", errors="replace"))
    if not is_quoted:
        address = spelling.replace("{}", password)
    with suppress(ValueError):
        assert MARK not in shown_address(read_address(address))
    with pytest.raises((ValueError, DatabaseError)) as caught:
        Session(address)  # nobody listens
    assert MARK not in str(caught.value)


def fault(address: str) -> str:
    with pytest.raises(DatabaseError) as caught:
        Session(address)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_faults_of_the_connection(server, address):
    wrong = fault(address.replace("s3cret", "wrong"))
    assert wrong.endswith('FATAL:  password authentication failed for user "dse"')
    assert "wrong" not in wrong
    assert "word@" not in wrong
    assert 'database "nil" does not exist' in fault(server.address("nil"))
    assert "Connection refused" in fault("postgresql://dse:s3cret@127.0.0.1:1/x")
    assert "s3cret" not in fault("postgresql://dse:s3cret@127.0.0.1:1/x")
    assert "resolve host" in fault("postgresql://dse@no-such-host.invalid/x")


def test_the_driver_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert fault("postgresql://db/x").endswith('pip install "dse[cluster]"')


def test_locks_end_with_their_session(address):
    with Session(address) as one, Session(address) as two:
        assert one.try_lock(1, 2)
        assert not two.try_lock(1, 2)
        assert two.try_lock(1, 3)
        for session in (one, two):
            session.attend(5, 6)
        assert (two.attendance(5, 6), two.attendance(5, 7)) == (2, 0)
        with one.locked(8, 0):
            assert not two.try_lock(8, 0)
        assert two.try_lock(8, 0)
        one.close()
        with two.locked(1, 2):
            assert two.attendance(5, 6) == 1


def test_either_side_notices_that_the_other_is_gone(address):
    with Session(address) as session, session.begin() as connection:
        for name, value in (
            ("tcp_keepalives_idle", "30"),
            ("tcp_keepalives_interval", "10"),
            ("tcp_keepalives_count", "3"),
            ("idle_in_transaction_session_timeout", "10min"),
        ):
            assert connection.exec_driver_sql(f"SHOW {name}").scalar_one() == value


@pytest.mark.parametrize("way", ["address", "environment"])
def test_settings_of_the_user_stand_beside_ours(address, monkeypatch, way):
    options = "-c search_path=mine -c tcp_keepalives_idle=99"
    if way == "environment":
        monkeypatch.setenv("PGOPTIONS", options)
    else:
        address += "?options=" + quote(options)
    with Session(address) as session, session.begin() as connection:
        for name, value in (("search_path", "mine"), ("tcp_keepalives_idle", "30")):
            assert connection.exec_driver_sql(f"SHOW {name}").scalar_one() == value


def test_news_end_the_wait(address):
    with Session(address) as one, Session(address) as two:
        one.listen("news")
        with two.begin() as connection:
            connection.exec_driver_sql("NOTIFY news")
        one.wait(250.0)
        one.wait(0.0)


def test_a_session_that_ended_does_not_connect_anew(address):
    with Session(address) as one, Session(address) as two:
        with one.begin() as connection:
            number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with two.begin() as connection:
            connection.exec_driver_sql(f"SELECT pg_terminate_backend({number})")
        for _ in range(2):
            with (
                pytest.raises(DatabaseError, match=r"terminat|closed"),
                one.begin() as connection,
            ):
                connection.exec_driver_sql("SELECT 1")
        with pytest.raises(DatabaseError):
            one.wait(0.0)


def test_nothing_is_left_open(address):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Session(address) as session:
            session.make_storage()
