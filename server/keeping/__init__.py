"""The commands that keep a deployment's data."""

from server.keeping.backups import backup, backup_key, restore
from server.keeping.migrations import migrate
from server.keeping.resealing import reseal

COMMANDS = (backup, restore, backup_key, migrate, reseal)
