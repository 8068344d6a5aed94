"""Owns what becomes of mail: kept, read, decided about, made a message or held for a person, and fetched."""
