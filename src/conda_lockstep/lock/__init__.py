"""What the solver answered: reading, writing, solving and checking locks."""
