"""Reads and writes lock formats: CEP 37, @EXPLICIT, pixi.lock, the manifest."""
