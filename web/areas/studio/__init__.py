"""Process owners draw, compare and publish diagrams."""
