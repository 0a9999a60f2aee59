"""The tasks of a job, as a spec asks for them: single ones, one for each point of a sweep, one for each blob."""
