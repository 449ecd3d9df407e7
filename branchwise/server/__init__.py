"""The HTTP server: search behind any OpenAI client, resumable on the wire."""
