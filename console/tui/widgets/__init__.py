"""What draws lines as cells. Each keeps the strips it shows and repaints only those that changed."""
