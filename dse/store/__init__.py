"""Run folders: manifest, tables, journal and lock."""

from dse.store.columns import columns_of, design_table, unit_of
from dse.store.journal import Journal, read_journal
from dse.store.manifest import Manifest, make_manifest, use_cases_object
from dse.store.run import FRONT, RESULTS, Output, Run, RunFolder, load_run, start_run
from dse.store.table import Column, Table, TableWriter

__all__ = [
    "FRONT",
    "RESULTS",
    "Column",
    "Journal",
    "Manifest",
    "Output",
    "Run",
    "RunFolder",
    "Table",
    "TableWriter",
    "columns_of",
    "design_table",
    "load_run",
    "make_manifest",
    "read_journal",
    "start_run",
    "unit_of",
    "use_cases_object",
]
