"""Tests, step by step, whether a training job can run in an environment on this machine."""
