"""The tables of a shared study: exact numbers, slices given once, and given back."""

from __future__ import annotations

import math
import struct
import time
from urllib.parse import quote

import pytest
from sqlalchemy import text

from dse.errors import DatabaseError
from dse.search.board import Board
from dse.search.database import Session

METRICS = [[math.nan, math.inf], [-math.inf, -0.0], [5e-324, 0.1 + 0.2]]


@pytest.fixture
def session(address):
    with Session(address) as session:
        yield session


@pytest.fixture
def board(session, number):
    Board.make_tables(session)
    Board.make_tables(session)
    board = Board(session, number)
    board.open()
    return board


def bits(rows) -> list[bytes]:
    return [struct.pack(f"{len(row)}d", *row) for row in rows]


def test_metrics_come_back_to_the_bit(board):
    board.publish(0, [[2**62, 1, 2]])
    assert board.metrics() is None
    seen = []
    assert board.take(lambda designs: seen.append(designs) or METRICS)
    assert seen == [[2**62, 1, 2]]
    assert bits(board.metrics()) == bits(METRICS)
    assert not board.take(lambda designs: METRICS)


def test_a_slice_is_given_to_one_worker_and_given_back_if_it_fails(board, address, number):
    board.publish(0, [[1, 2], [3]])
    with Session(address) as other:
        twin = Board(other, number)

        def evaluate(designs):
            assert twin.take(lambda rest: [[float(number)] for number in rest])
            assert not twin.take(lambda rest: pytest.fail("taken twice"))
            return [[float(number)] for number in designs]

        assert board.take(evaluate)
        assert twin.metrics() == [[1.0], [2.0], [3.0]]
        board.publish(0, [[4]])
        with pytest.raises(ZeroDivisionError):
            board.take(lambda designs: [[1 / 0]])
        assert twin.take(lambda designs: [[4.0]])
    assert board.metrics() == [[4.0]]


def test_nothing_is_open_while_a_slice_is_evaluated(board, session, address):
    """Else the server would end the session of a worker that takes long."""
    board.publish(0, [[1]])
    states = []
    with session.begin() as connection:
        number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()

    def evaluate(designs):
        with Session(address) as other, other.begin() as connection:
            query = text("SELECT state FROM pg_stat_activity WHERE pid = :number")
            states.append(connection.scalar(query, {"number": number}))
        return [[1.0]]

    assert board.take(evaluate)
    assert states == ["idle"]


def test_a_slow_evaluation_outlives_the_patience_of_a_server(server):
    address = server.new_database() + "?options=" + quote("-c idle_session_timeout=200")
    with Session(address) as session:
        Board.make_tables(session)
        board = Board(session, 1)
        board.open()
        board.publish(0, [[1]])
        assert board.take(lambda designs: time.sleep(1.0) or [[1.0]])
        assert board.metrics() == [[1.0]]


def test_a_dead_session_gives_its_slice_back_and_cannot_write(board, session, address, number):
    board.publish(0, [[1]])
    with Session(address) as other:
        twin = Board(other, number)

        def evaluate(designs):
            with session.begin() as connection:
                pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            with other.begin() as connection:
                connection.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
            while not twin.take(lambda designs: [[1.0]]):
                time.sleep(0.01)
            return [[2.0]]

        with pytest.raises(DatabaseError, match=r"terminat|closed"):
            board.take(evaluate)
        assert twin.metrics() == [[1.0]]


def test_a_slice_that_others_keep_can_be_taken_over_and_counts_once(board, address, number):
    board.publish(0, [[1], [2]])
    with Session(address) as other:
        twin = Board(other, number)

        def evaluate(designs):
            assert twin.missing() == [(0, 0), (0, 1)]
            assert twin.take_over(lambda designs: [[float(designs[0])]])
            assert twin.missing() == [(0, 1)]
            return [[7.0]]

        assert board.take(evaluate)
        assert board.take(lambda designs: [[2.0]])
        assert not twin.take_over(lambda designs: pytest.fail("there is none"))
    assert board.metrics() == [[1.0], [2.0]]


def test_metrics_of_a_slice_that_was_laid_out_anew_are_dropped(board, address, number):
    board.publish(0, [[1]])
    with Session(address) as other:
        twin = Board(other, number)

        def evaluate(designs):
            twin.publish(0, [[2]])
            return [[1.0]]

        assert board.take(evaluate)
        assert board.metrics() is None
        assert twin.take(lambda designs: [[2.0]])
    assert board.metrics() == [[2.0]]


def test_what_a_dead_leader_laid_out_stays_if_the_next_proposes_the_same(board):
    board.publish(0, [[1, 2], [3]])
    board.take(lambda designs: [[float(number)] for number in designs])
    board.publish(0, [[1], [2], [3]])
    assert board.take(lambda designs: [[float(number)] for number in designs])
    assert board.metrics() == [[1.0], [2.0], [3.0]]
    board.publish(0, [[1, 2, 4]])
    assert board.metrics() is None


def test_the_record_grows_and_ends(board, session):
    assert not board.is_finished
    for batch in range(11):
        board.publish(batch, [[batch]])
        board.seal(batch, {"batch": batch, "value": 0.1})
        assert not board.take(lambda designs: pytest.fail("a slice of a sealed batch"))
    assert board.records() == [{"batch": batch, "value": 0.1} for batch in range(11)]
    with pytest.raises(DatabaseError, match="duplicate key"):
        board.seal(10, {})
    board.finish(11)
    assert board.is_finished
    assert Board(session, 0).records() == []
