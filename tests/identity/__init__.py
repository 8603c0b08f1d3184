"""Tests of identity: which events belong to one person."""
