"""Files that interpreters load at their start, in child processes alone; nobody imports them."""
