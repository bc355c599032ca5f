"""The scheduled run: what upstream changed since the locks were made."""
