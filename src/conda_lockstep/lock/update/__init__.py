"""Makes and changes locks: make, relock, import, pin, merge."""
