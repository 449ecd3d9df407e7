"""Workers as Ray actors (extra `ray`): Ray places and restarts them, the store stays the only queue."""
