"""What a run says of targets, options, networks and signals that misbehave: a table of rows."""
