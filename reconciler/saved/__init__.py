"""Plans in files: what was reviewed, kept so that just that is done later, or nothing."""
