"""Tests of programs and settings."""
