"""The rows: what Suivi keeps, by subject, with the database refusing nonsense."""
