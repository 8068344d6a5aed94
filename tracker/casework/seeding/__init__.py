"""The made-up population: cases lived through with the charter's own ledger, written in bulk, sealed."""
