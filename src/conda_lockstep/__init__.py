"""conda-lockstep keeps conda environments identical on every GPU machine."""
