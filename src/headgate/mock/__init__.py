"""The scripted upstream: four dialects, every fault, and a record of what arrived."""
