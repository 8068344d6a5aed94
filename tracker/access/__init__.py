"""Who may do what: one pure table, and the questions asked of it."""
