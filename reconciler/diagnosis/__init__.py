"""What a job, a task or a pool waits for or died of: rules judge facts; only `reading` asks Azure, and only reads."""
