"""The typed contract between the half that executes and the half that reports."""
