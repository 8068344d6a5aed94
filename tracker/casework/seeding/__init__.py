"""The made-up population: cases lived through with the charter's own ledger, written in bulk, sound to the last seal."""
