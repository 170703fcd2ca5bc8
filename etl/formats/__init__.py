"""How the content of a delivered file becomes rows of text. One format a file."""
