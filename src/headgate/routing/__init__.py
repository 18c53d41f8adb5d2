"""Which target next: pure decisions; time and chance are arguments."""
