"""Evidence: does search pay here, which strategy, at what cost, and how sure are we?"""
