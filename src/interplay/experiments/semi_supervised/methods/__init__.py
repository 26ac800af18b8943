"""The methods of metrics24 Table II, one module each: read one beside its paper."""
