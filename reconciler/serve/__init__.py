"""A status page: one reader looks at Azure again and again, and pages are served from what it saw last; only reads."""
