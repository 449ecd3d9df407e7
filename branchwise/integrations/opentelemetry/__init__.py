"""OpenTelemetry: traces of runs, exported from the store or reported live."""
