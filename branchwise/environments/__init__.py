"""Environments in which agents and programs act: a browser, a scripted house, benchmarks, the sandbox."""
