"""Runs on nodes, with the Python that their image has (3.6 or newer) and nothing else.

As a start, preparation or release task it runs the spec's own command, and brings what that writes into a blob
container, each minute while it runs and at its end (`keeping`). As a service it measures the node, and writes a blob
each five minutes; those that cannot be written now are written later, at most an hour of them (`measuring`). It acts as
the pool's identity. What goes wrong in either is told on stderr and is no failure of the command.

A node is sent its modules as one, without annotations, docstrings and comments (`nodelogs/program.py`).
"""
