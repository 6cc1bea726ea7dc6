"""What the answer that shows a violation would have to show instead, as conditions.

It asks the judges themselves: an answer is changed in one place at a time until they permit it. So
no rule is written twice, and what is said here is right for every profile. It sends nothing.
"""

from tallystick.permitted.repair import conditions_of

__all__ = ["conditions_of"]
