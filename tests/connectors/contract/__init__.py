"""What every log must do, whatever it lies in."""
