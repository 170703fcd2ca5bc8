"""How the content of a delivery becomes rows of the contract, in a process of its own."""
