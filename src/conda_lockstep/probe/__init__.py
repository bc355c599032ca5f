"""Evidence, step by step, that a training job can live in an environment on this machine."""
