"""Child processes: what leads a program in any language to a lab, and how it is run.

Variables of its environment do it: a proxy that most clients ask by themselves, certificates to
trust, and, for interpreters whose clients ask no proxy, a small file that they load at start.
"""
