"""The first screen, and what opens over it."""
