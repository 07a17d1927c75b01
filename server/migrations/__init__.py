"""From what an earlier version left in the database to what this one wants, while both of them run."""
