"""Owns the messages of a case: their words in four languages, what must stand in them, and how they leave."""
