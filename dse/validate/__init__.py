"""Measured against predicted: reads measurements, predicts them, fits software stacks."""

from dse.validate.fit import FITTED, Fit
from dse.validate.measurement import Measurement, read_measurements
from dse.validate.run import (
    Validation,
    load_library,
    shipped_measurements,
    validate_rows,
)
from dse.validate.subject import Library, Subject, Unpredictable, subject
from dse.validate.summary import Outcome, Summary, grouped, phase_of, summarise

__all__ = [
    "FITTED",
    "Fit",
    "Library",
    "Measurement",
    "Outcome",
    "Subject",
    "Summary",
    "Unpredictable",
    "Validation",
    "grouped",
    "load_library",
    "phase_of",
    "read_measurements",
    "shipped_measurements",
    "subject",
    "summarise",
    "validate_rows",
]
