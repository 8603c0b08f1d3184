"""Tiers, offers, challenges, rewards and vouchers: tables of events, and what must always hold."""
