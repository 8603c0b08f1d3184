"""Commands that look: at members, decisions, tables and dead letters of an output folder, at programs and schemas.

They only read, and do so at any time, also while a worker writes.
"""
