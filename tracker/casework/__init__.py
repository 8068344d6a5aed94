"""The use cases: one verb, one function, one commit; each takes the session, the house, the actor and the moment."""
