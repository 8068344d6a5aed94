"""The scheduler: jobs that look for what is due and not yet done, in a process of their own, any number at once."""
