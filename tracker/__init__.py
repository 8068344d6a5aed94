"""Suivi: a public service's promises to its citizens, dated, explained and kept."""
