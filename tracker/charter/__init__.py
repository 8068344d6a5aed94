"""The promises: pure functions and frozen values, with no framework, no database and no clock."""
