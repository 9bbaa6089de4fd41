"""Measures spendgate against the least that its work can cost, and against what one would use instead."""
