"""Run folders: manifest, tables, journal and lock."""

from dse.store.columns import columns_of, design_table, unit_of
from dse.store.inputs import changed_inputs, input_texts
from dse.store.journal import Journal, read_journal
from dse.store.listing import STATES, RunState, is_run_folder, list_runs
from dse.store.load import FRONT, RESULTS, Run, is_whole, load_manifest, load_run
from dse.store.manifest import Manifest, make_manifest, use_cases_object
from dse.store.run import Output, RunFolder, start_run
from dse.store.table import Column, Table, TableWriter

__all__ = [
    "FRONT",
    "RESULTS",
    "STATES",
    "Column",
    "Journal",
    "Manifest",
    "Output",
    "Run",
    "RunFolder",
    "RunState",
    "Table",
    "TableWriter",
    "changed_inputs",
    "columns_of",
    "design_table",
    "input_texts",
    "is_run_folder",
    "is_whole",
    "list_runs",
    "load_manifest",
    "load_run",
    "make_manifest",
    "read_journal",
    "start_run",
    "unit_of",
    "use_cases_object",
]
