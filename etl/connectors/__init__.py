"""One way of reaching outside a file."""
