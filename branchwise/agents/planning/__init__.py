"""Planning agents: difficulty estimation, strategy selection and stopping."""
