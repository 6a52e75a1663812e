"""Small scenarios for a firmware that is half finished: `lockproof bringup`."""
