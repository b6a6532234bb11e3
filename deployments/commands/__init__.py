"""Commands of `plumbline` by topic; `deployments.cli` is the table of contents."""
