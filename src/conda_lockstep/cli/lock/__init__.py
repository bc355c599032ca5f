"""Commands for locks: lock, export, import, outdated, why, upstream, merge-driver."""
