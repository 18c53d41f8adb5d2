"""What the gateway adds on this machine: the command ``headgate bench``."""
