"""The typed contract between the checking step and the reporting step."""
