"""`make demo`: the whole story on the local Azure, as a person would type it."""
