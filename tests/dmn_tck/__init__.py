"""Runs the DMN technology compatibility kit: `python -m tests.dmn_tck DIR`."""
