"""The whole database in a folder of encrypted files, as it was at one moment, and back."""
