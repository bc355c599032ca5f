"""What each command takes, and whom it calls: one module a command, loaded when it is the one that is named."""
