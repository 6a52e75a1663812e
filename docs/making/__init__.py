"""Makes the published spec: plain Markdown, from the rooms and from the pages that people wrote."""
