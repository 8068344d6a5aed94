"""Owns routing: the directory of services, and which of them a text belongs to, with reasons."""
