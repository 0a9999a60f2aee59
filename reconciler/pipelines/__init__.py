"""From a few answers to the files that a team begins with, and the identities that its pipelines sign in as. Pure."""
