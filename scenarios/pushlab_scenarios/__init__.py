"""Stories that can be told again: so far, the replay of a record."""
