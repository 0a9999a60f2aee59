"""What is kept of nodes when they are gone: their logs, and how busy they were. Who writes it, where, and what it says.

`onnode` runs on nodes; all else is pure.
"""
