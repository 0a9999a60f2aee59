"""Previews: a few tasks of what a spec does, beside what is live, whose results are held against the live ones."""
