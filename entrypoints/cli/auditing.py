"""`souk audit`: reading the log, bundles of it, and the books under other terms."""

from entrypoints.cli.audit import audit as audit
from entrypoints.cli.audit_bundle import check, export
from entrypoints.cli.audit_whatif import what_if

for reading in (export, check, what_if):
    audit.add_command(reading)
