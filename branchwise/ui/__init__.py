"""The live page: every run, its search and its questions, to look at in a browser."""
