"""`python -m balanza` is `balanza`."""

from balanza.cli import main

if __name__ == "__main__":
    main()
