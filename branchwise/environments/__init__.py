"""Places where an agent acts; one file each: a browser, a scripted house for tests, yours."""
