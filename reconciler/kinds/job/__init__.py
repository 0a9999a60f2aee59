"""A Batch job: its properties on the wire, its verbs, and its words in a spec."""
