"""Many people at once: from files into profiles, and out again."""
