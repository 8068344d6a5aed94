"""The web doors: what citizens and staff share sits here, each has a blueprint of its own below."""
