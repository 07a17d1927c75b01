"""Questions: what to ask next, and what became of it."""
