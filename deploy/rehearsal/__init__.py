"""The rehearsal's AWS and its platform; ci/rehearse runs it."""
