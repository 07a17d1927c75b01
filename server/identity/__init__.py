"""Identity: who is this person, and how do we know? Sign-in, sessions and linking."""
