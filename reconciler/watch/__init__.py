"""The loop: what is due when, what of a plan is done without anybody there, one leader, and what is told of it."""
