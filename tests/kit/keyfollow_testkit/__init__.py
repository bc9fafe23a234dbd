"""What several test folders share: clips made on the spot, a daemon of one's own."""
