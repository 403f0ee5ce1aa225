"""The one screen: draws the board, leaves commands, decides nothing."""
