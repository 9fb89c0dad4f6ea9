"""The shipped measurements, read and predicted once."""

from __future__ import annotations

import pytest

from dse.validate import (
    Library,
    Measurement,
    Validation,
    load_library,
    read_measurements,
    shipped_measurements,
    validate_rows,
)


@pytest.fixture(scope="session")
def rows() -> tuple[Measurement, ...]:
    return read_measurements(shipped_measurements())


@pytest.fixture(scope="session")
def library(rows: tuple[Measurement, ...]) -> Library:
    return load_library(rows)


@pytest.fixture(scope="session")
def shipped(rows: tuple[Measurement, ...], library: Library) -> Validation:
    return validate_rows(rows, library, is_left_out=True)
