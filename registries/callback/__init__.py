"""For registrars who keep the registry connection to themselves: we ask their backend, wait, and look."""
