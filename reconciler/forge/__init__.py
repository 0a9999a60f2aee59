"""GitHub, GitLab and Azure DevOps, as a pipeline needs them: one comment on a pull request, one issue, the plan
that was reviewed, and which specs a change touches."""
