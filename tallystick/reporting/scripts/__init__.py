"""A violation as programs of their own, without the suite: Python with httpx, shell with curl."""

from tallystick.reporting.scripts.recipe import Recipe, recipe_of
from tallystick.reporting.scripts.unscripted import Unscripted
from tallystick.reporting.scripts.writing import python_text, shell_text

__all__ = ["Recipe", "Unscripted", "python_text", "recipe_of", "shell_text"]
