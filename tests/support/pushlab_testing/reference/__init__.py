"""A naive model of the whole way of a message: an object a device, one heap, one event at a time.

It draws the same keyed luck in scalar form and sums the same digest entry by entry in plain
Python, and shares with the engine only what is no matter of columns: the REST calls, what the
service believes of users, and the catalogue of notifications. Whom filters and segments choose is
read plainly, one subscription after another.
"""
