"""The demo: `story` lives it, `sheet` prints it."""
