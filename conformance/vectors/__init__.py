"""Synthesized scenarios, one JSON file for each clause; `schema.json` says what they are made of, `index.json` what they cover."""
