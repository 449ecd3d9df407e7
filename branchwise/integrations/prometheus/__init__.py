"""Prometheus: counts of a process's runs and calls, and gauges of the queue, under names of our own."""
