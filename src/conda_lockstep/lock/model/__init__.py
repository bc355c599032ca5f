"""What a lock is: packages of every platform, metadata, virtual packages, envelope, paths."""
