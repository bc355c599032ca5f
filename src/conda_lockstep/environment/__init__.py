"""What people ask for: environment files, every entry with its place."""
