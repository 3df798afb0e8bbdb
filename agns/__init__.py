"""Eyeglasses that test a face recogniser."""
