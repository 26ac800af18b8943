"""Tables of compression25."""
