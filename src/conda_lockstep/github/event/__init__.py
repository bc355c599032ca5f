"""What started this run: event, runner, inputs, trust and base commit."""
