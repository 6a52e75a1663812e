"""The written scenarios, one YAML file each."""
