"""Privacy: what is known of one person, handed out or erased, wherever it lies."""
