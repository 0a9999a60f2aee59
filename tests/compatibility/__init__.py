"""Files that were written by earlier versions, by the version of their schema; each must be read for good."""
