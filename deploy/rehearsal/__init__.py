"""The rehearsal's AWS and its platform; deploy/rehearsal/run runs it."""
