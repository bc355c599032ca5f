"""Rules over environment files, requirements files, locks and install scripts."""
