"""One run's record: the only thing that the producing and the judging wing share. No torch in here."""

from interplay.records.digests import code_digest, module_digests, text_digest
from interplay.records.provenance import collect_provenance, peak_memory_mib
from interplay.records.schema import DataName, Finding, Provenance, Record, Residual, TierName
from interplay.records.selection import select_records, visible_files
from interplay.records.stamp import stamp
from interplay.records.store import (
    read_record,
    write_bytes_atomically,
    write_record,
    write_text_atomically,
)

__all__ = [
    "DataName",
    "Finding",
    "Provenance",
    "Record",
    "Residual",
    "TierName",
    "code_digest",
    "collect_provenance",
    "module_digests",
    "peak_memory_mib",
    "read_record",
    "select_records",
    "stamp",
    "text_digest",
    "visible_files",
    "write_bytes_atomically",
    "write_record",
    "write_text_atomically",
]
