"""Recipes as plain text, scaled, and one shopping list for the week."""
