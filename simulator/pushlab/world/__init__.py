"""The owners of time, luck, names and truth about a run.

Nothing here knows of devices, vendors or sockets. Everything hangs on one `World` object.
"""
