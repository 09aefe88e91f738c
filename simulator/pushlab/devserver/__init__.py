"""The dev server: a lab that stays, with a live clock, a control API and a live timeline.

`control` is the control API as a function from request to answer, over a `bench`, which holds the
lab of the moment; `driver` moves its time from a thread; `server` puts both behind one port.
"""
