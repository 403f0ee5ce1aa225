"""The rows of the stage table, a function each; `console.core.stages` puts them in order."""
