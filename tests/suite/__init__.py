"""The suite as its users meet it: pytest and `tallystick` in processes of their own."""
