"""Stories that can be told again: scenarios written by hand, and records of what a lab lived."""
